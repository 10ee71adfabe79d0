//! What each reason may count for. Two rules, both free of double counting and both monotone: stronger evidence never lowers a
//! score, and a reason file delivered twice changes none.
//!
//! * **One record, one reason.** A reason's weight lies evenly on its records. A record that several reasons of a lead share
//!   serves the one in which it weighs most, for or against (on a tie the one against); the others count for the share of
//!   their records that is left. A reason with all its records taken counts nothing and is shown as counted elsewhere. A reason
//!   without records cannot be checked and counts nothing.
//! * **One family, one full reason.** Reasons of one family measure much the same thing. Of those that point the same way one
//!   counts fully and each of the others [`FAMILY_REST`]; which one is chosen so that the total is greatest (for those
//!   against: least).
//!
//! "Strongest reason first" would be simpler and is not monotone: of reasons of 5.0 on record 1 and 4.9 on records 1–10, raising
//! the second to 5.1 would drop the sum from 9.4 to 5.1. Here every choice is a maximum (or a minimum) of sums that rise
//! with each reason, so the total rises too.

use super::data::RecordRef;

/// What the second and further reasons of a family count for, against the one that counts fully.
pub const FAMILY_REST: f64 = 0.5;

/// More ways than this to choose the full reason of each family are not tried one by one: the strongest is taken.
const CHOICES_MAX: usize = 512;

/// A reason that wants to count.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Family.
    pub family: u32,
    /// Signed weight if it counted fully; any unit.
    pub worth: f64,
    /// Records, each once.
    pub records: &'a [RecordRef],
}

/// Share of its worth that each claim may count for, from 0 to 1. Claims must come in an order that depends on their content.
pub fn shares(claims: &[Claim<'_>]) -> Vec<f64> {
    if let [only] = claims {
        return vec![if only.records.is_empty() { 0.0 } else { 1.0 }];
    }
    let uses = uses(claims);
    let disjoint = uses.windows(2).all(|w| w[0].0 != w[1].0);
    let groups = groups(claims);
    if disjoint && groups.is_empty() {
        return claims.iter().map(|c| if c.records.is_empty() { 0.0 } else { 1.0 }).collect();
    }
    let choices = groups.iter().map(Vec::len).fold(1usize, usize::saturating_mul);
    if choices > CHOICES_MAX {
        let strongest = |g: &Vec<usize>| {
            *g.iter().min_by(|&&a, &&b| claims[b].worth.abs().total_cmp(&claims[a].worth.abs())).expect("groups are not empty")
        };
        return by_records(claims, &coefficients(claims, &groups, &groups.iter().map(strongest).collect::<Vec<_>>()), &uses).0;
    }
    let against: Vec<bool> = groups.iter().map(|g| claims[g[0]].worth < 0.0).collect();
    best(claims, &uses, &groups, &against, &mut Vec::new()).0
}

/// Groups of two or more claims of one family that point the same way; claims worth nothing compete with nobody.
fn groups(claims: &[Claim<'_>]) -> Vec<Vec<usize>> {
    let mut keys: Vec<(u32, bool, usize)> =
        claims.iter().enumerate().filter(|(_, c)| c.worth != 0.0).map(|(i, c)| (c.family, c.worth < 0.0, i)).collect();
    keys.sort_unstable();
    // Groups for come before groups against: the outer choice is the maximum over the minimum.
    let mut groups: Vec<Vec<usize>> =
        keys.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|g| g.len() > 1).map(|g| g.iter().map(|k| k.2).collect()).collect();
    groups.sort_by_key(|g| claims[g[0]].worth < 0.0);
    groups
}

/// `(record, claim)`, sorted.
fn uses(claims: &[Claim<'_>]) -> Vec<(RecordRef, usize)> {
    let mut uses: Vec<(RecordRef, usize)> = claims.iter().enumerate().flat_map(|(i, c)| c.records.iter().map(move |&r| (r, i))).collect();
    uses.sort_unstable();
    uses
}

fn coefficients(claims: &[Claim<'_>], groups: &[Vec<usize>], full: &[usize]) -> Vec<f64> {
    let mut coefficients = vec![1.0; claims.len()];
    for (group, &full) in groups.iter().zip(full) {
        for &member in group.iter().filter(|&&m| m != full) {
            coefficients[member] = FAMILY_REST;
        }
    }
    coefficients
}

/// The choice of full reasons that gives the greatest total over groups for and the least over groups against.
fn best(
    claims: &[Claim<'_>],
    uses: &[(RecordRef, usize)],
    groups: &[Vec<usize>],
    against: &[bool],
    full: &mut Vec<usize>,
) -> (Vec<f64>, f64) {
    let depth = full.len();
    if depth == groups.len() {
        return by_records(claims, &coefficients(claims, groups, full), uses);
    }
    let mut found: Option<(Vec<f64>, f64)> = None;
    for &member in &groups[depth] {
        full.push(member);
        let (shares, total) = best(claims, uses, groups, against, full);
        full.pop();
        let better = found.as_ref().is_none_or(|(_, t)| if against[depth] { total < *t } else { total > *t });
        if better {
            found = Some((shares, total));
        }
    }
    found.expect("groups are not empty")
}

/// Gives every record to the claim in which it weighs most; returns the shares and the total worth.
fn by_records(claims: &[Claim<'_>], coefficients: &[f64], uses: &[(RecordRef, usize)]) -> (Vec<f64>, f64) {
    let weight = |i: usize| coefficients[i] * claims[i].worth / claims[i].records.len() as f64;
    let mut served = vec![0u32; claims.len()];
    for users in uses.chunk_by(|a, b| a.0 == b.0) {
        let mut winner = users[0].1;
        for &(_, i) in &users[1..] {
            let (w, best) = (weight(i), weight(winner));
            if w.abs() > best.abs() || (w.abs() == best.abs() && w < best) {
                winner = i;
            }
        }
        served[winner] += 1;
    }
    let shares: Vec<f64> = claims
        .iter()
        .enumerate()
        .map(|(i, c)| if c.records.is_empty() { 0.0 } else { coefficients[i] * f64::from(served[i]) / c.records.len() as f64 })
        .collect();
    let total = shares.iter().zip(claims).map(|(s, c)| s * c.worth).sum();
    (shares, total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn r(rows: &[u32]) -> Vec<RecordRef> {
        rows.iter().map(|&row| RecordRef { source: 0, row }).collect()
    }

    type Sketch = (u32, f64, Vec<u32>);

    fn total(sketches: &[Sketch]) -> f64 {
        let records: Vec<_> = sketches.iter().map(|s| r(&s.2)).collect();
        let claims: Vec<_> = sketches.iter().zip(&records).map(|(s, records)| Claim { family: s.0, worth: s.1, records }).collect();
        shares(&claims).iter().zip(sketches).map(|(share, s)| share * s.1).sum()
    }

    #[test]
    fn the_same_reason_twice_counts_once() {
        assert_eq!(total(&[(1, 4.0, vec![1, 2])]), 4.0);
        assert_eq!(total(&[(1, 4.0, vec![1, 2]), (2, 4.0, vec![1, 2])]), 4.0);
        assert_eq!(total(&[(1, 4.0, vec![1, 2]), (1, 4.0, vec![1, 2])]), 4.0);
        assert_eq!(total(&[(1, -4.0, vec![1, 2]), (1, -4.0, vec![1, 2])]), -4.0);
    }

    #[test]
    fn a_reason_whose_records_are_partly_used_counts_for_the_rest() {
        assert_eq!(total(&[(1, 6.0, vec![1, 2]), (2, 4.0, vec![2, 3, 4, 5])]), 6.0 + 3.0);
    }

    #[test]
    fn a_second_reason_of_a_family_counts_half() {
        assert_eq!(total(&[(1, 6.0, vec![1]), (1, 4.0, vec![2])]), 6.0 + 2.0);
        assert_eq!(total(&[(1, 6.0, vec![1]), (1, -4.0, vec![2]), (1, -2.0, vec![3])]), 6.0 - 4.0 - 1.0);
    }

    #[test]
    fn a_reason_without_records_counts_nothing() {
        assert_eq!(total(&[(1, 6.0, vec![])]), 0.0);
        assert_eq!(total(&[(1, 6.0, vec![]), (2, 1.0, vec![1])]), 1.0);
    }

    #[test]
    fn a_kind_without_weight_takes_no_records_from_others() {
        assert_eq!(total(&[(1, 0.0, vec![1, 2]), (2, 4.0, vec![1, 2])]), 4.0);
    }

    #[test]
    fn raising_the_weaker_of_two_overlapping_reasons_never_drops_the_sum() {
        let rows: Vec<u32> = (1..=10).collect();
        let before = total(&[(1, 5.0, vec![1]), (2, 4.9, rows.clone())]);
        let after = total(&[(1, 5.0, vec![1]), (2, 5.1, rows)]);
        assert!(after > before, "{before} → {after}");
    }

    fn claims() -> impl Strategy<Value = Vec<Sketch>> {
        let claim = (0u32..3, -8.0f64..8.0, prop::collection::btree_set(0u32..8, 0..6));
        prop::collection::vec(claim.prop_map(|(f, w, r)| (f, w, r.into_iter().collect())), 1..6)
    }

    proptest! {
        #[test]
        fn stronger_evidence_never_lowers_the_total(claims in claims(), which in any::<prop::sample::Index>(), more in 0.0f64..6.0) {
            let mut raised = claims.clone();
            let which = which.index(claims.len());
            raised[which].1 += more;
            prop_assert!(total(&raised) >= total(&claims) - 1e-9);
        }

        #[test]
        fn a_further_reason_for_never_lowers_the_total(claims in claims(), further in (0u32..3, 0.0f64..8.0, prop::collection::btree_set(0u32..8, 0..6))) {
            let mut more = claims.clone();
            more.push((further.0, further.1, further.2.into_iter().collect()));
            prop_assert!(total(&more) >= total(&claims) - 1e-9);
        }

        #[test]
        fn a_copy_of_a_reason_changes_nothing(claims in claims(), which in any::<prop::sample::Index>()) {
            let mut copied = claims.clone();
            copied.push(claims[which.index(claims.len())].clone());
            prop_assert!((total(&copied) - total(&claims)).abs() < 1e-9);
        }

        #[test]
        fn the_order_of_the_reasons_does_not_change_the_total(claims in claims(), seed in any::<u64>()) {
            let mut shuffled = claims.clone();
            let n = shuffled.len();
            for i in (1..n).rev() {
                shuffled.swap(i, (seed.rotate_left(i as u32) % (i as u64 + 1)) as usize);
            }
            prop_assert!((total(&shuffled) - total(&claims)).abs() < 1e-9);
        }

        #[test]
        fn no_reason_counts_more_than_fully(claims in claims()) {
            let records: Vec<_> = claims.iter().map(|s| r(&s.2)).collect();
            let claims: Vec<_> = claims.iter().zip(&records).map(|(s, records)| Claim { family: s.0, worth: s.1, records }).collect();
            for share in shares(&claims) {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }
    }
}
