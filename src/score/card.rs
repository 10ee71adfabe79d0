//! The model card: what the models of leads are for, what each was fitted on, how good it is and where it ends, in Chinese and English. Takes a set
//! of models, gives Markdown; every figure comes from the model file.

use std::fmt::Write;

use super::artefact::Approval;
use super::data::LeadKind;
use super::model::{KindCurve, Model, ModelSet};
use super::text::figure;

/// One text in both languages.
struct Said {
    zh: String,
    en: String,
}

fn said(zh: impl Into<String>, en: impl Into<String>) -> Said {
    Said { zh: zh.into(), en: en.into() }
}

/// The card of a set of models, as it lies beside them, with who answers for them.
pub fn card(models: &ModelSet, approval: Option<&Approval>) -> String {
    let mut text = String::from("<!-- Generated from the model file. Do not edit. -->\n");
    let mut parts = vec![title(models), purpose(), approved(approval)];
    for model in models.iter() {
        parts.push(leads(model));
        let trained = !model.training.worlds.is_empty();
        let sections = std::iter::once(data(model)).chain(trained.then(|| [weights(model), quality(model)]).into_iter().flatten());
        parts.extend(sections.map(|p| said(format!("#{}", p.zh), format!("#{}", p.en))));
    }
    parts.push(limits(models.iter().any(|m| m.training.reviewed.is_some())));
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

fn title(models: &ModelSet) -> Said {
    said(format!("# 模型卡：{}\n", models.version), format!("# Model card: {}\n", models.version))
}

/// Which leads a model is for.
fn leads(model: &Model) -> Said {
    let (zh, en) = match model.kind {
        LeadKind::AccountToFreeze => {
            ("账户 × 案件：为作案人收转赃款的账户", "Account to freeze: accounts that took the proceeds of a case for its offenders")
        }
        LeadKind::SubjectCase => ("对象（人员、手机、设备）× 案件", "Subject × case: persons, phones and devices"),
        LeadKind::SubjectSeries => {
            ("对象 × 系列：参与系列中一起或多起未破案件", "Subject × series: involved in one of its open cases, or in several")
        }
    };
    said(format!("## {zh}\n\n模型 {}\n", model.version), format!("## {en}\n\nModel {}\n", model.version))
}

fn purpose() -> Said {
    said(
        "## 用途\n\n对“对象（人员、手机、设备、账户）× 已立案件或系列”排序，供侦查人员逐条核查。仅作核查线索，不得单独作为采取强制措施的依据；\
         不预测未来违法犯罪。\n",
        "## Purpose\n\nRanks subjects (persons, phones, devices, accounts) for a registered case or a series of them, for an investigator to check reason by reason. \
         For verification only: no coercive measure rests on a lead alone. It never predicts future offending.\n",
    )
}

fn approved(approval: Option<&Approval>) -> Said {
    let Some(a) = approval else {
        return said(
            "## 批准\n\n尚无人批准。选用此模型评分前须由专人批准，批准有效期不超过 12 个月。\n",
            "## Approval\n\nApproved by nobody. Before it is chosen to score, a person must answer for it, for 12 months at most.\n",
        );
    };
    said(
        format!(
            "## 批准\n\n由 {} 于 {} 批准，有效期至 {}；到期后不再评分。理由：{}\n",
            a.approved_by, a.approved_on, a.expires_on, a.reason
        ),
        format!(
            "## Approval\n\nApproved by {} on {}, until {}; after that day it scores no more. Reason: {}\n",
            a.approved_by, a.approved_on, a.expires_on, a.reason
        ),
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
    let tried = t.tried.iter().map(|t| format!("{} ({:.4})", figure(t.penalty), t.cost)).collect::<Vec<_>>().join(", ");
    let chosen = match t.tried.is_empty() {
        true => said("为给定值", "as given"),
        false => said(format!("按未参与拟合的组选自 {tried}"), format!("chosen on held-out components among {tried}")),
    };
    let (chosen_zh, chosen_en) = (chosen.zh, chosen.en);
    let reviewed = t.reviewed.map_or_else(
        || said("", ""),
        |(offenders, others)| {
            said(
                format!("- 其中 {offenders} 个和 {others} 个来自未破案件的核查结论；概率按未破案件校准\n"),
                format!("- Of these pairs {offenders} and {others} are decisions of reviewers on open cases; probabilities are calibrated among open cases\n"),
            )
        },
    );
    let (reviewed_zh, reviewed_en) = (reviewed.zh, reviewed.en);
    said(
        format!(
            "## 训练数据\n\n- 来源：{worlds}\n- 已破案件 {} 起，合为 {} 个互不相连的组（同次抓获或同一作案人）\n- 作案人–案件对 {} 个，其他 {} 个（抽取 {} 个，\
             按入样概率和破案率的倒数加权）\n{reviewed_zh}- 每起案件只用作案人首次被指认之前已获知的记录\n- 被指认者中 {} 人被起诉或定罪，{} 人被撤销、不起诉或判无罪；\
             “被指认”使对象列为线索，但不计分，因为未结案中仍被指认的人与此不可比\n- 随机种子 {}；惩罚系数 {}，{chosen_zh}\n",
            t.solved_cases,
            t.components,
            t.offender_pairs,
            t.other_pairs,
            t.other_pairs_sampled,
            n.charged,
            n.cleared,
            t.seed,
            figure(t.penalty)
        ),
        format!(
            "## Training data\n\n- From: {worlds}\n- {} solved cases in {} components (one arrest or one offender in common)\n- {} pairs of an offender and a \
             case, {} others ({} drawn; weighted by the inverse of the sampling rate and of the clearance rate)\n{reviewed_en}- Of every case only what was known before its \
             offender was first named\n- Of those named, {} were charged or convicted and {} had the suspicion withdrawn, not prosecuted or ended in acquittal: \
             being named makes a lead and adds nothing, for those who still stand named in an open case are another population\n- Seed {}; penalty {}, {chosen_en}\n",
            t.solved_cases,
            t.components,
            t.offender_pairs,
            t.other_pairs,
            t.other_pairs_sampled,
            n.charged,
            n.cleared,
            t.seed,
            figure(t.penalty)
        ),
    )
}

/// Likelihood ratios whose worth the card tells.
const SHOWN_LR: [f64; 3] = [10.0, 100.0, 1_000.0];

fn weights(model: &Model) -> Said {
    let mut rows = String::new();
    for (i, k) in model.kinds.iter().enumerate() {
        let counts = SHOWN_LR.map(|lr| figure(k.slopes.worth(&model.edges, lr.ln()).exp()));
        let (most, least) = k.slopes.range(&model.edges);
        let mut refits: Vec<f64> = model.replicates.iter().map(|r| r.slopes[i].range(&model.edges).0).collect();
        refits.sort_by(f64::total_cmp);
        let at = |q: f64| refits.get(((refits.len().max(1) - 1) as f64 * q).round() as usize).copied().unwrap_or(0.0).exp();
        let KindCurve { kind, family, pairs, offenders, .. } = k;
        let [ten, hundred, thousand] = counts;
        let _ = writeln!(
            rows,
            "| {kind} | {family} | {pairs} | {offenders} | {ten} | {hundred} | {thousand} | {} ({}–{}) | {} |",
            figure(most.exp()),
            figure(at(0.05)),
            figure(at(0.95)),
            figure(least.exp())
        );
    }
    let zh = "| 证据 | 类别 | 样本对 | 其中作案人 | 10 计为 | 100 计为 | 1,000 计为 | 最多（90% 区间） | 最少 |\n|---|---|---|---|---|---|---|---|---|\n";
    let en = "| evidence | family | pairs | offenders | 10 counts | 100 counts | 1,000 counts | at most (90 % interval) | at least |\n|---|---|---|---|---|---|---|---|---|\n";
    let base = |sep: &str| model.base.iter().map(|(k, b)| format!("{k} {}", figure(b.exp()))).collect::<Vec<_>>().join(sep);
    let slope = figure(model.training.calibration_slope);
    said(
        format!(
            "## 证据换算\n\n得分（对数几率）= 基础概率 + Σ 各理由。每类证据的似然比按一条不下降的折线换算，超过训练所见范围的部分不再加分；下表为似然比的换算值。\
             同一条记录只计入一个理由；同类证据一项全计、其余减半。缺失的证据不加分。\n\n{zh}{rows}\n基础几率 = 每案预期作案对象数 ÷ 本地平均每案候选对象数 × {}。校准斜率 {slope}，已含在折线中。\n",
            base("，")
        ),
        format!(
            "## What evidence is worth\n\nScore (log-odds) = base rate + Σ reasons. The likelihood ratio of each kind of evidence goes through a line in pieces that \
             never falls; what lies beyond the range that was learnt from adds nothing. The table tells what a ratio counts as. One record serves one reason; of a \
             family one reason counts fully and the others half. What is missing adds nothing.\n\n{en}{rows}\nBase odds = offenders expected in a case ÷ candidates that a case has on average there × {}. \
             Slope of the calibration {slope}, within the lines already.\n",
            base(", ")
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
            "| {:.0}–{:.0} % | {} | {:.1} % | {:.1} % | {:.1}–{:.1} % |",
            b.from * 100.0,
            b.to * 100.0,
            b.leads,
            b.given * 100.0,
            b.observed * 100.0,
            b.low * 100.0,
            b.high * 100.0
        );
    }
    let (auc, cllr, floor, coverage) = (shown(m.auc), shown(m.cllr), shown(m.cllr_min), shown(m.coverage_auc));
    let shown5 = |x: Option<f64>| x.map_or_else(|| "—".to_owned(), |x| format!("{x:.5}"));
    let (area, brier, brier_base) = (shown(m.average_precision), shown5(m.brier), shown5(m.brier_base));
    let leak = m.coverage_auc.is_some_and(|a| a > 0.55);
    let leak_zh =
        if leak { "**超过 0.55：侦查动作可能泄漏到数据中，须查明。**" } else { "不高于 0.55 即无泄漏迹象" };
    let leak_en = if leak { "**above .55: the inquiry may leak into the records; find out how**" } else { "no sign of a leak up to .55" };
    said(
        format!(
            "## 质量（均在未参与拟合的组上测得）\n\n- 前 10 名命中率 {:.3}（随机 {:.3}），平均倒数排名 {:.3}，平均精度 {area}\n- 同案同类对象内 AUC {auc}\n- Cllr {cllr} 比特，\
             重新校准可达下限 {floor}（相对于所评对象自身的基础概率；1 比特表示毫无信息）\n- Brier 分数 {brier}，一律给基础概率时为 {brier_base}\n- 仅凭数据覆盖情况的 AUC {coverage}（{leak_zh}）\n\n| 给出概率 | 数量 | 平均给出 | 实际（按破案率加权） | 95% 区间（按团伙） |\n|---|---|---|---|---|\n{rows}",
            m.hit_at_10, m.chance_at_10, m.mrr
        ),
        format!(
            "## Quality (all on components that the weights had not seen)\n\n- Hits among the first 10: {:.3} (chance {:.3}); mean reciprocal rank {:.3}; average precision {area}\n- AUC among \
             subjects of one kind in one case: {auc}\n- Cllr {cllr} bits, floor after recalibration {floor} (against the base rate of those judged; 1 bit says nothing)\n- Brier score {brier}; \
             {brier_base} when everybody is given the base rate\n- AUC of coverage alone: {coverage} ({leak_en})\n\n\
             | probability given | leads | mean given | observed (weighted by clearance) | 95 % interval (by crews) |\n|---|---|---|---|---|\n{rows}",
            m.hit_at_10, m.chance_at_10, m.mrr
        ),
    )
}

fn limits(reviewed: bool) -> Said {
    let labels = match reviewed {
        false => said(
            "标注只来自已破案件；未被查获的作案人被当作“其他”，概率因此偏低。",
            "Labels come from solved cases alone; an offender who was never found counts as another, so probabilities err on the low side.",
        ),
        true => said(
            "标注来自已破案件和核查结论；核查未认定的作案人被当作“其他”。合成数据中每条线索都有正确的结论，现实中并非如此。",
            "Labels come from solved cases and from reviews; an offender whom a reviewer did not recognise counts as another. In synthetic worlds every \
             lead was decided and decided rightly; in real ones it is not.",
        ),
    };
    let (labels_zh, labels_en) = (labels.zh, labels.en);
    said(
        format!(
            "## 局限\n\n- {labels_zh}\n- 未登记在数据中的人不会出现；各线索概率之和小于作案人数。\n\
         - 区间反映拟合的不确定性，不含记录本身的差错。\n- 民族、宗教、政治、健康、性别、户籍及其替代指标、流动程度均不作为特征。\n- 换地区使用时只有基础概率随当地平均每案候选对象数变化。\n"
        ),
        format!(
            "## Limits\n\n- {labels_en}\n- Whoever is not \
         in the data cannot be listed; the probabilities of a case add up to less than the number of its offenders.\n- Intervals hold the uncertainty of the fit, \
         not errors of the records.\n- Ethnicity, religion, politics, health, sex, household registration, their proxies, and mobility are no features.\n- In another \
         place only the base rate moves, with the candidates that a case has there on average.\n"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::model::tests::model;

    #[test]
    fn the_card_names_every_kind_and_what_it_counts_for_in_both_languages() {
        let mut model = model(&[("scene_presence", "presence", 0.8), ("victim_contact", "contact", 1.1)]);
        model.training.worlds.push("a county".into());
        model.seal();
        let version = model.version.clone();
        let models = ModelSet::new([model]);
        let card = card(&models, None);
        // 10^0.72, 100^0.72, 1000^0.72.
        assert_eq!(card.matches("| scene_presence | presence | 100 | 50 | 5.25 | 27.5 | 145 |").count(), 2, "{card}");
        assert_eq!((card.matches(&version).count(), card.matches(&models.version).count()), (2, 2));
        assert!(card.contains("## 局限") && card.contains("## Limits"));
        assert!(card.contains("尚无人批准") && card.contains("Approved by nobody"));
    }

    #[test]
    fn an_untrained_model_says_so() {
        assert!(card(&ModelSet::new([]), None).contains("Not trained yet"));
    }
}
