//! One sum as the model answers it: each key frequency's vote for every answer, and the logits.

use crate::plot::figures::series::{listed, strongest};
use crate::plot::figures::sheet::{Chart, Panel, Row, Shape, Sheet};
use crate::plot::figures::{Cell, DataTable};
use crate::plot::theme::Theme;
use crate::plot::{Axis, Line, LineChart, Scale};

/// The model's answer to a + b.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The two numbers.
    pub pair: (usize, usize),
    /// The p logits.
    pub logits: Vec<f32>,
    /// Each key frequency's part of them: its waves of a + b, length p.
    pub votes: Vec<(usize, Vec<f32>)>,
}

impl Answer {
    /// The right answer.
    pub fn sum(&self) -> usize {
        (self.pair.0 + self.pair.1) % self.logits.len().max(1)
    }

    /// The answers, the largest logit first.
    pub fn ranked(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.logits.len()).collect();
        order.sort_by(|&c, &d| self.logits[d].total_cmp(&self.logits[c]));
        order
    }

    /// Where the right answer stands among each key frequency's votes.
    pub fn finding(&self) -> String {
        let sum = self.sum();
        let ranks = self.votes.iter().filter_map(|(freq, votes)| {
            let of_sum = *votes.get(sum)?;
            let rank = votes.iter().filter(|vote| **vote > of_sum).count() + 1;
            Some(format!("number {rank} for k = {freq}"))
        });
        format!("By the votes on {} answers, {sum} is {}.", self.logits.len(), listed(ranks))
    }

    /// The votes and the logits by answer.
    pub fn sheet(&self, theme: &Theme) -> Sheet {
        let freqs: Vec<usize> = self.votes.iter().map(|(freq, _)| *freq).collect();
        let reach = |freq: usize| {
            let own = self.votes.iter().filter(|(other, _)| *other == freq).flat_map(|(_, votes)| votes);
            own.fold(0.0_f64, |most, vote| most.max(f64::from(vote.abs())))
        };
        let colored = strongest(&freqs, reach, theme.series.len());
        let color = |freq: &usize| {
            colored.iter().position(|other| other == freq).map_or(theme.muted, |i| theme.member(i))
        };
        let votes = self.votes.iter().map(|(freq, votes)| Line { color: color(freq), points: points(votes) });
        let mut legend: Vec<_> = colored.iter().map(|freq| (format!("k = {freq}"), color(freq))).collect();
        if colored.len() < freqs.len() {
            legend.push((format!("{} others", freqs.len() - colored.len()), theme.muted));
        }
        let logits = vec![Line { color: theme.train, points: points(&self.logits) }];
        let (a, b) = self.pair;
        let votes = self.panel(format!("Votes on {a} + {b}"), "vote (logits)", votes.collect());
        let panels =
            vec![Panel { legend, ..votes }, self.panel("All of it: the logits".to_owned(), "logit", logits)];
        Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
    }

    /// Lines by answer, crossed at the right one.
    fn panel(&self, title: String, y_name: &str, lines: Vec<Line>) -> Panel {
        let values = lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
        let y = Axis::fit(Scale::Linear, values, 0.05);
        let x = Axis::linear(0.0, self.logits.len().saturating_sub(1).max(1) as f64);
        let chart = Chart::Lines(LineChart { lines, x, y });
        Panel { marks: vec![self.sum() as f64], ..Panel::new(title, "answer c", y_name, chart) }
    }

    /// A row for each answer: its logit and each frequency's vote.
    pub fn table(&self) -> DataTable {
        let votes = self.votes.iter().map(|(freq, _)| format!("vote_k_{freq}"));
        let columns = ["answer", "logit"].map(str::to_owned).into_iter().chain(votes);
        let mut table = DataTable::new("votes", columns);
        for (c, &logit) in self.logits.iter().enumerate() {
            let votes = self.votes.iter().map(|(_, votes)| votes.get(c).copied().unwrap_or(f32::NAN));
            let numbers = std::iter::once(logit).chain(votes).map(|v| Cell::Number(f64::from(v)));
            table.push(std::iter::once(Cell::Count(c)).chain(numbers));
        }
        table
    }
}

fn points(values: &[f32]) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(c, &value)| (c as f64, f64::from(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use crate::plot::Theme;
    use crate::plot::figures::svg;

    fn answer(n_freqs: usize) -> Answer {
        let p = 7;
        let wave = |k: usize| {
            let cos = |c: usize| (std::f64::consts::TAU * (k * (c + p - 2)) as f64 / p as f64).cos() as f32;
            (k, (0..p).map(cos).collect::<Vec<f32>>())
        };
        let votes: Vec<_> = (1..=n_freqs).map(wave).collect();
        let logits = (0..p).map(|c| votes.iter().map(|(_, votes)| votes[c]).sum()).collect();
        Answer { pair: (4, 5), logits, votes }
    }

    #[test]
    fn the_right_answer_is_where_all_votes_are_high() {
        let answer = answer(3);
        assert_eq!((answer.sum(), answer.ranked()[0]), (2, 2), "4 + 5 = 2 modulo 7");
        let all_first =
            "By the votes on 7 answers, 2 is number 1 for k = 1, number 1 for k = 2, number 1 for k = 3.";
        assert_eq!(answer.finding(), all_first);
        let mut wrong = answer.clone();
        wrong.votes[1].1[6] = 2.0;
        assert!(wrong.finding().contains("number 2 for k = 2"), "{}", wrong.finding());
    }

    #[test]
    fn every_answer_has_a_row_and_more_frequencies_than_colours_are_drawn_in_grey() {
        let theme = Theme::light();
        for (n, has_others) in [(0, false), (3, false), (9, true)] {
            let answer = answer(n);
            let table = answer.table();
            assert_eq!((table.rows.len(), table.columns.len()), (7, 2 + n));
            assert!(table.rows.iter().all(|row| row.len() == 2 + n), "{n} frequencies");
            let sheet = answer.sheet(&theme);
            let text = svg::of_sheet("votes", &sheet, 400, &theme).expect("an SVG is drawn");
            assert_eq!(text.contains("3 others"), has_others, "{n} frequencies");
            assert!(!text.contains("NaN"), "{n} frequencies");
        }
    }
}
