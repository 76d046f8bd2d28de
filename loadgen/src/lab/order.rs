//! The order of trials: there and back again.

/// Who is measured when: for each round the rows in turn, every second round backwards.
///
/// A machine that grows slower over minutes would favour whoever always comes first. With
/// A B C, C B A each row's trials lie, on average, at the same time of the run. The result holds
/// (row, number of the trial), both from 0.
pub fn serpentine(rows: usize, trials: usize) -> Vec<(usize, usize)> {
    let round = |trial: usize| {
        (0..rows).map(move |place| (if trial.is_multiple_of(2) { place } else { rows - 1 - place }, trial))
    };
    (0..trials).flat_map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::serpentine;

    #[test]
    fn every_second_round_runs_backwards() {
        let rows: Vec<_> = serpentine(3, 3).into_iter().map(|(row, _)| row).collect();
        assert_eq!(rows, [0, 1, 2, 2, 1, 0, 0, 1, 2]);
    }

    #[test]
    fn each_row_gets_each_trial_once() {
        let mut all = serpentine(4, 2);
        all.sort_unstable();
        assert_eq!(all, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)]);
        assert!(serpentine(0, 5).is_empty() && serpentine(5, 0).is_empty());
    }
}
