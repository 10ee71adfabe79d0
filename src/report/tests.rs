//! Claims about all views at once.

use std::collections::BTreeSet;

use super::fixture;
use super::view::{Side, build};
use super::{html, json, sheets, terminal, xlsx};
use crate::report::format;
use crate::report::sheets::Cell;
use crate::report::terminal::{Colour, Language, Style};

#[test]
fn shown_reasons_add_up_to_the_shown_score_of_every_lead() {
    let data = fixture::data();
    assert_eq!(data.leads.len(), 12);
    for lead in &data.leads {
        assert_eq!(lead.weighted().map(|r| r.log_odds_unats).sum::<i64>(), lead.score_unats);
        assert_eq!(lead.reasons.iter().map(|r| r.shown).sum::<i64>(), lead.score_shown);
        assert!(lead.side(Side::Missing).chain(lead.side(Side::Uncalibrated)).all(|r| r.shown == 0));
    }
}

#[test]
fn a_lead_whose_reasons_do_not_add_up_is_refused() {
    let mut tables = fixture::tables();
    tables.reasons[1].log_odds_unats += 1;
    let error = build(&tables, &fixture::options()).unwrap_err();
    assert_eq!(error.code, "E0851");
}

#[test]
fn html_workbook_json_and_terminal_show_the_same_figures() {
    let report = fixture::disclosed();
    let page = html::page(&report);
    let json = json::report(&report);
    let sheets = sheets::all(&report);
    let style = Style { width: 160, colour: Colour::Never, language: Language::Zh };
    for (i, lead) in report.leads.iter().enumerate() {
        let explained = terminal::explain(lead, &|_| None, style);
        let figures =
            [format::signed(lead.score_shown), format::percent(lead.probability), format::percent(lead.low), format::percent(lead.high)];
        let section = page
            .split("<section")
            .find(|s| s.contains(&format!("id=\"{}\"", lead.lead_id)))
            .expect("every lead of the fixture has a section");
        for figure in &figures {
            assert!(section.contains(&figure.replace('<', "&lt;").replace('>', "&gt;")), "html lacks {figure} of {}", lead.lead_id);
            assert!(explained.contains(figure), "terminal lacks {figure}");
        }
        for reason in lead.weighted() {
            assert!(section.contains(&format::signed(reason.shown)) && explained.contains(&format::signed(reason.shown)));
        }
        assert_eq!(json["leads"][i]["score_shown"], lead.score_shown);
        let shown: i64 = json["leads"][i]["reasons"].as_array().unwrap().iter().map(|r| r["shown"].as_i64().unwrap()).sum();
        assert_eq!(shown, lead.score_shown);

        assert!(
            sheets[0].rows[i].contains(&Cell::Share(lead.probability))
                && sheets[0].rows[i].contains(&Cell::Number(lead.score_shown as f64 / 100.0))
        );
        let of_lead = sheets[1].rows.iter().filter(|row| row[1] == Cell::Text(lead.lead_id.clone()));
        let numbers: Vec<f64> = of_lead.filter_map(|row| if let Cell::Number(x) = row[6] { Some(x) } else { None }).collect();
        let (sum, terms) = numbers.split_last().unwrap();
        assert!((terms.iter().sum::<f64>() - sum).abs() < 1e-9);
        assert!((sum * 100.0 - lead.score_shown as f64).abs() < 1e-9);
    }
}

#[test]
fn the_page_asks_for_nothing_from_outside_and_runs_no_script() {
    let page = html::page(&fixture::disclosed());
    let lower = page.to_lowercase();
    for forbidden in
        ["<script", "javascript:", "onload=", "onclick=", "onerror=", "src=", "@import", "<link", "<iframe", "http://", "https://", "//cdn"]
    {
        assert!(!lower.contains(forbidden), "the page contains {forbidden}");
    }
    assert_eq!(lower.matches("url(").count(), lower.matches("url(#").count());
    for href in lower.split("href=\"").skip(1) {
        assert!(href.starts_with('#'), "href={}", &href[..40.min(href.len())]);
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|s| s.split('"').next()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "ids are unique");
}

#[test]
fn a_narrative_cannot_inject_markup() {
    let page = html::page(&fixture::data().disclose(&fixture::Clear));
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"));
}

#[test]
fn no_view_shows_an_unmasked_number_or_name() {
    let report = fixture::disclosed();
    let style = Style { width: 120, colour: Colour::Never, language: Language::En };
    let views = [
        html::page(&report),
        json::report(&report).to_string(),
        terminal::list(&report, style),
        report.leads.iter().map(|l| terminal::explain(l, &|_| None, style)).collect(),
        report.leads.iter().filter_map(|l| l.chart.as_ref()).map(|c| super::graph::graphml(c) + &super::graph::dot(c)).collect(),
        format!("{:?}", sheets::all(&report).map(|s| s.rows)),
        String::from_utf8(super::csv::export(&report, super::csv::Start::Plain).unwrap()).unwrap(),
    ];
    for (i, view) in views.iter().enumerate() {
        for secret in ["13958201277", "13688120945", "6217003810026674412", "86412305771904", "王建军", "买买提", "建设路"] {
            assert!(!view.contains(secret), "view {i} shows {secret}");
        }
    }
    assert!(html::page(&fixture::data().disclose(&fixture::Clear)).contains("13958201277"), "unmasked on purpose");
    assert_eq!(fixture::data().leads[0].successions[0].old, "15158803316");
}

#[test]
fn masked_coordinates_leave_no_exact_place_and_no_cells() {
    let (masked, clear) = (fixture::disclosed(), fixture::data().disclose(&fixture::Clear));
    let (masked, clear) = (masked.leads[0].places.as_ref().unwrap(), clear.leads[0].places.as_ref().unwrap());
    assert!(masked.sectors.is_empty() && !clear.sectors.is_empty());
    assert_eq!(masked.scenes.len(), clear.scenes.len());
    for (m, c) in masked.scenes.iter().zip(&clear.scenes) {
        assert!((m.lat - c.lat).abs() <= 0.05 + 1e-9 && ((m.lat * 100.0).round() / 5.0) % 2.0 == 1.0, "{} for {}", m.lat, c.lat);
    }
}

#[test]
fn case_numbers_stay_readable_in_masked_sentences() {
    let report = fixture::disclosed();
    let texts: Vec<&str> = report.leads[0].reasons.iter().map(|r| r.text.zh.as_str()).collect();
    assert!(texts.iter().any(|t| t.contains("A5190222026030004")), "{texts:?}");
    assert!(texts.iter().all(|t| !t.contains("86412305771904")));
}

#[test]
fn calls_of_a_number_that_was_passed_on_are_not_the_persons() {
    let events = |held_to: Option<i64>| {
        let mut tables = fixture::tables();
        let case = tables.leads[0].case_id.clone();
        tables.leads[1].case_id = case;
        tables.holders.iter_mut().filter(|h| h.person_id == tables.leads[1].subject_id).for_each(|h| h.held_to = held_to);
        let data = build(&tables, &fixture::options()).unwrap();
        data.leads[1].timeline.as_ref().unwrap().events.len()
    };
    assert!(events(None) > 0);
    assert_eq!(events(Some(0)), 0);
}

#[test]
fn data_cannot_steer_a_terminal() {
    let mut tables = fixture::tables();
    for person in &mut tables.persons {
        person.name = Some("王\u{1b}[2J\u{202e}".into());
    }
    for case in &mut tables.cases {
        case.category = "theft\u{1b}]0;x\u{7}".into();
    }
    for reason in &mut tables.reasons {
        reason.text_zh.push('\u{9b}');
    }
    let report = build(&tables, &fixture::options()).unwrap().disclose(&fixture::Clear);
    let style = Style { width: 120, colour: Colour::Never, language: Language::Zh };
    let text = terminal::list(&report, style) + &terminal::explain(&report.leads[1], &|_| None, style);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'));
}

#[test]
fn the_same_report_gives_the_same_workbook_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["a.xlsx", "b.xlsx"] {
        xlsx::write(&fixture::disclosed(), &path(name)).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1_100));
    }
    assert_eq!(std::fs::read(path("a.xlsx")).unwrap(), std::fs::read(path("b.xlsx")).unwrap());
}

#[test]
fn row_order_of_the_lake_never_changes_a_page() {
    let mut tables = fixture::tables();
    let page = html::page(&fixture::disclosed());
    tables.leads.reverse();
    tables.reasons.reverse();
    tables.calls.reverse();
    tables.holders.reverse();
    tables.parties.reverse();
    tables.evidence.reverse();
    tables.roaming.reverse();
    let data = build(&tables, &fixture::options()).unwrap();
    assert_eq!(html::page(&data.disclose(&fixture::Masked)), page);
}

#[test]
fn an_empty_lake_still_makes_a_page() {
    let data = build(&super::rows::Tables::default(), &super::Options::default()).unwrap();
    let page = html::page(&data.disclose(&fixture::Masked));
    assert!(page.contains("没有线索") && page.contains("没有话单"));
}

#[test]
fn a_reason_that_came_to_nothing_is_not_among_the_main_ones() {
    let mut data = fixture::data();
    let lead = &mut data.leads[0];
    let main = lead.strongest(Side::For, 1).next().unwrap().kind_label.en.clone();
    assert!(lead.summary(3).en.contains(&main));
    lead.reasons.iter_mut().filter(|r| r.kind_label.en == main).for_each(|r| r.shown = 0);
    assert!(!lead.summary(9).en.contains(&main), "{}", lead.summary(9).en);
}
