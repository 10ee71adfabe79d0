//! The model card: what a model is for, what it was fitted on, how good it is and where it ends, in Chinese and English. Takes a model,
//! gives Markdown; every figure comes from the model file.

use std::fmt::Write;

use super::model::Model;

/// One text in both languages.
struct Said {
    zh: String,
    en: String,
}

fn said(zh: impl Into<String>, en: impl Into<String>) -> Said {
    Said { zh: zh.into(), en: en.into() }
}

/// The card of a model, as it lies beside it.
pub fn card(model: &Model) -> String {
    let mut text = String::from("<!-- Generated from the model file. Do not edit. -->\n");
    let parts = [title(model), purpose(), data(model), weights(model), quality(model), limits()];
    for part in &parts {
        text.push('\n');
        text.push_str(&part.zh);
    }
    text.push_str("\n---\n");
    for part in &parts {
        text.push('\n');
        text.push_str(&part.en);
    }
    text
}

fn title(model: &Model) -> Said {
    said(format!("# 模型卡：{}\n", model.version), format!("# Model card: {}\n", model.version))
}

fn purpose() -> Said {
    said(
        "## 用途\n\n对“对象（人员、手机、设备、账户）× 已立案件”排序，供侦查人员逐条核查。仅作核查线索，不得单独作为采取强制措施的依据；\
         不预测未来违法犯罪。\n",
        "## Purpose\n\nRanks subjects (persons, phones, devices, accounts) for a registered case, for an investigator to check reason by reason. \
         For verification only: no coercive measure rests on a lead alone. It never predicts future offending.\n",
    )
}

fn data(model: &Model) -> Said {
    let t = &model.training;
    if t.worlds.is_empty() {
        return said(
            "## 训练数据\n\n尚未训练：所有证据均显示为“未校准”，不计分。\n",
            "## Training data\n\nNot trained yet: every kind of evidence shows as uncalibrated and adds nothing.\n",
        );
    }
    let n = model.named;
    let worlds = t.worlds.join(", ");
    said(
        format!(
            "## 训练数据\n\n- 来源：{worlds}\n- 已破案件 {} 起，合为 {} 个互不相连的组（同次抓获或同一作案人）\n- 作案人–案件对 {} 个，其他 {} 个（抽取 {} 个，\
             按入样概率和破案率的倒数加权）\n- 每起案件只用作案人首次被指认之前已获知的记录\n- 被指认者中 {} 人被起诉或定罪，{} 人被撤销、不起诉或判无罪；\
             “被指认”使对象列为线索，但不计分，因为未结案中仍被指认的人与此不可比\n- 随机种子 {}，惩罚系数 {}\n",
            t.solved_cases, t.components, t.offender_pairs, t.other_pairs, t.other_pairs_sampled, n.charged, n.cleared, t.seed, t.penalty
        ),
        format!(
            "## Training data\n\n- From: {worlds}\n- {} solved cases in {} components (one arrest or one offender in common)\n- {} pairs of an offender and a \
             case, {} others ({} drawn; weighted by the inverse of the sampling rate and of the clearance rate)\n- Of every case only what was known before its \
             offender was first named\n- Of those named, {} were charged or convicted and {} had the suspicion withdrawn, not prosecuted or ended in acquittal: \
             being named makes a lead and adds nothing, for those who still stand named in an open case are another population\n- Seed {}, penalty {}\n",
            t.solved_cases, t.components, t.offender_pairs, t.other_pairs, t.other_pairs_sampled, n.charged, n.cleared, t.seed, t.penalty
        ),
    )
}

fn weights(model: &Model) -> Said {
    let mut rows = String::new();
    for (i, k) in model.kinds.iter().enumerate() {
        let mut refits: Vec<f64> = model.replicates.iter().map(|r| r.slope * r.weights[i]).collect();
        refits.sort_by(f64::total_cmp);
        let at = |q: f64| refits.get(((refits.len().max(1) - 1) as f64 * q).round() as usize).copied().unwrap_or(0.0);
        let _ = writeln!(
            rows,
            "| {} | {} | {:.3} | {:.3}–{:.3} | {} | {} |",
            k.kind,
            k.family,
            model.slope * k.weight,
            at(0.05),
            at(0.95),
            k.pairs,
            k.offenders
        );
    }
    let zh = "| 证据 | 类别 | 权重 | 90% 区间 | 样本对 | 其中作案人 |\n|---|---|---|---|---|---|\n";
    let en = "| evidence | family | weight | 90 % interval | pairs | offenders |\n|---|---|---|---|---|---|\n";
    said(
        format!(
            "## 权重\n\n得分（对数几率）= 基础概率 + Σ 权重 × 对数似然比。权重不为负；1 表示证据强度按原值计入。同一条记录只计入一个理由；\
             同类证据一项全计、其余减半。缺失的证据不加分。\n\n{zh}{rows}\n校准截距 {:.3}。\n",
            model.intercept
        ),
        format!(
            "## Weights\n\nScore (log-odds) = base rate + Σ weight × log likelihood ratio. No weight is negative; 1 takes the evidence at its word. One record serves \
             one reason; of a family one reason counts fully and the others half. What is missing adds nothing.\n\n{en}{rows}\nIntercept of the calibration {:.3}.\n",
            model.intercept
        ),
    )
}

fn quality(model: &Model) -> Said {
    let m = &model.metrics;
    let shown = |x: Option<f64>| x.map_or_else(|| "—".to_owned(), |x| format!("{x:.3}"));
    let mut rows = String::new();
    for b in &m.reliability {
        let _ = writeln!(
            rows,
            "| {:.0}–{:.0} % | {} | {:.1} % | {:.1} % |",
            b.from * 100.0,
            b.to * 100.0,
            b.leads,
            b.given * 100.0,
            b.observed * 100.0
        );
    }
    let (auc, cllr, floor, coverage) = (shown(m.auc), shown(m.cllr), shown(m.cllr_min), shown(m.coverage_auc));
    let leak = m.coverage_auc.is_some_and(|a| a > 0.55);
    let leak_zh =
        if leak { "**超过 0.55：侦查动作可能泄漏到数据中，须查明。**" } else { "不高于 0.55 即无泄漏迹象" };
    let leak_en = if leak { "**above .55: the inquiry may leak into the records; find out how**" } else { "no sign of a leak up to .55" };
    said(
        format!(
            "## 质量（均在未参与拟合的组上测得）\n\n- 前 10 名命中率 {:.3}（随机 {:.3}），平均倒数排名 {:.3}\n- 同案同类对象内 AUC {auc}\n- Cllr {cllr} 比特，\
             重新校准可达下限 {floor}\n- 仅凭数据覆盖情况的 AUC {coverage}（{leak_zh}）\n\n| 给出概率 | 数量 | 平均给出 | 实际 |\n|---|---|---|---|\n{rows}",
            m.hit_at_10, m.chance_at_10, m.mrr
        ),
        format!(
            "## Quality (all on components that the weights had not seen)\n\n- Hits among the first 10: {:.3} (chance {:.3}); mean reciprocal rank {:.3}\n- AUC among \
             subjects of one kind in one case: {auc}\n- Cllr {cllr} bits, floor after recalibration {floor}\n- AUC of coverage alone: {coverage} ({leak_en})\n\n\
             | probability given | leads | mean given | observed |\n|---|---|---|---|\n{rows}",
            m.hit_at_10, m.chance_at_10, m.mrr
        ),
    )
}

fn limits() -> Said {
    said(
        "## 局限\n\n- 标注只来自已破案件；未被查获的作案人被当作“其他”，概率因此偏低。\n- 未登记在数据中的人不会出现；各线索概率之和小于作案人数。\n\
         - 区间反映拟合的不确定性，不含记录本身的差错。\n- 民族、宗教、政治、健康、性别、户籍及其替代指标、流动程度均不作为特征。\n- 换地区使用时只有基础概率随当地对象数量变化。\n",
        "## Limits\n\n- Labels come from solved cases alone; an offender who was never found counts as another, so probabilities err on the low side.\n- Whoever is not \
         in the data cannot be listed; the probabilities of a case add up to less than the number of its offenders.\n- Intervals hold the uncertainty of the fit, \
         not errors of the records.\n- Ethnicity, religion, politics, health, sex, household registration, their proxies, and mobility are no features.\n- In another \
         place only the base rate moves, with the number of subjects there.\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::model::tests::model;

    #[test]
    fn the_card_names_every_kind_with_its_weight_in_both_languages() {
        let model = model(&[("scene_presence", "presence", 0.8), ("victim_contact", "contact", 1.1)]);
        let card = card(&model);
        assert_eq!(card.matches("| scene_presence | presence | 0.720 |").count(), 2);
        assert_eq!(card.matches(&model.version).count(), 2);
        assert!(card.contains("## 局限") && card.contains("## Limits"));
    }

    #[test]
    fn an_untrained_model_says_so() {
        assert!(card(&Model::untrained()).contains("Not trained yet"));
    }
}
