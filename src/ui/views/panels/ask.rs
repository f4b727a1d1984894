//! A sum asked of the model with its ablations: the answer, and each key frequency's vote on every answer.

use std::rc::Rc;

use leptos::prelude::*;

use crate::error::Result;
use crate::plot::{PixelMap, Theme};
use crate::ui::browser::canvas::{Area, Painter};
use crate::ui::state::State;
use crate::ui::state::ablated_model::ablated_snapshot;
use crate::ui::state::ablation_editor::Answer;
use crate::ui::state::format;
use crate::ui::state::run_view::RunView;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::charts::canvas::FigureCanvas;
use crate::ui::views::charts::disclosure::{Downloads, Numbers};

/// The sum that is there before the reader has written one, if its numbers are below p.
const FIRST: [usize; 2] = [8, 16];

/// A number of a sum modulo p; else what is allowed.
fn number(text: &str, p: usize) -> std::result::Result<usize, String> {
    let text = text.trim();
    let allowed = || format!("a whole number from 0 to {}", p.saturating_sub(1));
    match text.parse() {
        Ok(number) if number < p => Ok(number),
        _ if text.is_empty() => Err(format!("is missing: {} is allowed", allowed())),
        _ => Err(format!("is \u{201c}{text}\u{201d}: only {} is allowed", allowed())),
    }
}

/// Two numbers as they were written; else what is wrong.
fn pair(texts: &[String; 2], p: usize) -> std::result::Result<(usize, usize), String> {
    if p == 0 {
        return Err("There is no model to ask.".to_owned());
    }
    match (number(&texts[0], p), number(&texts[1], p)) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(problem), _) => Err(format!("The first number {problem}.")),
        (_, Err(problem)) => Err(format!("The second number {problem}.")),
    }
}

/// The numbers as they are written after another model has come: those that it does not know give way.
fn fitted(texts: &[String; 2], p: usize) -> [String; 2] {
    [0, 1].map(|i| match number(&texts[i], p) {
        Ok(_) => texts[i].clone(),
        Err(_) => (FIRST[i] % p.max(1)).to_string(),
    })
}

/// What the model says, or why it says nothing, in a sentence.
fn words(state: &State) -> String {
    let ablation_requests = &state.ablation_requests;
    let Some(answer) = &ablation_requests.answer else {
        return match (ablation_requests.pair, ablation_requests.answer_failure()) {
            (None, _) => String::new(),
            (Some(_), Some(failure)) => format!("It could not be asked: {failure}"),
            (Some(_), None) if !state.analyst.ready => {
                "The model cannot be queried: the analysis worker is not running.".to_owned()
            }
            (Some(_), None) => "It is being asked.".to_owned(),
        };
    };
    let ((a, b), says) = (answer.pair, answer.ranked().first().copied().unwrap_or(0));
    let who = if state.ablation_editor.is_whole() { "It" } else { "The ablated model" };
    let verdict =
        if says == answer.sum() { "right".to_owned() } else { format!("wrong, it is {}", answer.sum()) };
    format!("{who} says {a} + {b} = {says}: {verdict}. {}", answer.finding())
}

/// The panel.
pub(super) fn ask(store: Store) -> AnyView {
    let p = store.memo(|state| {
        let p = state.run_view.as_ref().and_then(RunView::modulus).unwrap_or(0);
        if ablated_snapshot(state).is_some() { p } else { 0 }
    });
    let texts = RwSignal::new(FIRST.map(|number| number.to_string()));
    // Half a number must stay as it is written, so what is typed does not come back.
    let set = RwSignal::new(texts.get_untracked());
    Effect::new(move |_| {
        let p = p.get();
        if p > 0 {
            let fitted = texts.with_untracked(|texts| fitted(texts, p));
            texts.set(fitted.clone());
            set.set(fitted);
        }
    });
    let send = move || {
        if let Ok((a, b)) = texts.with_untracked(|texts| pair(texts, p.get_untracked())) {
            store.send(Message::Ask(a, b));
        }
    };
    let problem = Memo::new(move |_| texts.with(|texts| pair(texts, p.get())).err().unwrap_or_default());
    let edit = move |i: usize, text: String| {
        texts.update(|texts| texts[i] = text);
        send();
    };
    let field = move |hook, name, i: usize| {
        let invalid = Signal::derive(move || texts.with(|texts| number(&texts[i], p.get()).is_err()));
        let value = Signal::derive(move || set.with(|set| set[i].clone()));
        number_field(hook, name, p, invalid, value, move |text| edit(i, text))
    };
    let allowed = move || format!("Whole numbers from 0 to {}.", format::count(p.get().saturating_sub(1)));
    let words = store.memo(words);
    view! {
        <section class="panel figure-panel" aria-labelledby="ask-title">
            <h3 id="ask-title">"Ask the model a + b"</h3>
            <div class="ask">
                {field("ask-a", "a", 0)} <span>"+"</span> {field("ask-b", "b", 1)}
                <span>{move || format!("mod {} =", p.get())}</span>
                <button type="button" data-testid="ask" on:click=move |_| send()>"Ask"</button>
                <span class="unit" id="ask-allowed" hidden=move || p.get() == 0>{allowed}</span>
            </div>
            <p class="problem" id="ask-problem" role="status" data-testid="ask-problem">{move || problem.get()}</p>
            <p class="finding" role="status" data-testid="ask-says">{move || words.get()}</p>
            {votes(store)}
            <p class="caption">
                "The answers with the largest logits, and how much of each is the vote of each key frequency: its waves \
                 cos and sin of w_k(a + b) in the logits. The right answer, the vertical line, is where all of them are \
                 high. Questions go to the ablated model."
            </p>
        </section>
    }
    .into_any()
}

/// A field for one of the two numbers.
fn number_field(
    hook: &'static str,
    name: &'static str,
    p: Memo<usize>,
    invalid: Signal<bool>,
    value: Signal<String>,
    edit: impl Fn(String) + 'static,
) -> AnyView {
    view! {
        <input
            type="number"
            min="0"
            max=move || p.get().saturating_sub(1)
            step="1"
            data-testid=hook
            aria-label=name
            aria-describedby="ask-allowed ask-problem"
            aria-invalid=move || invalid.get().then_some("true")
            prop:value=move || value.get()
            on:input:target=move |event| edit(event.target().value())
        />
    }
    .into_any()
}

/// How many answers the first table has.
const N_TOP: usize = 5;

/// The likeliest answers, the chart of all votes, and its numbers.
fn votes(store: Store) -> AnyView {
    let answer = store.memo(|state| state.ablation_requests.answer.clone());
    let figure_canvas = FigureCanvas::new(Rc::new(VotesPainter { store }), move || {
        answer.get();
    });
    let likeliest = move || answer.get().map(|answer| likeliest(&answer));
    view! {
        <div hidden=move || answer.with(Option::is_none)>
            <div class="table-wide" tabindex="0" role="region" aria-label="The likeliest answers" data-testid="ask-answer">{likeliest}</div>
            <div class="sheet" data-testid="ask-votes" role="img" aria-label="Each key frequency\u{2019}s vote on every answer, and the logits">
                <canvas node_ref=figure_canvas.canvas aria-hidden="true"></canvas>
            </div>
            <div class="track-footer">
                <Numbers tables=Callback::new(move |()| answer.get().iter().map(Answer::table).collect()) />
                <Downloads
                    name="votes"
                    sheet=Callback::new(move |theme: Theme| {
                        answer.with_untracked(|answer| answer.as_ref().map(|answer| answer.sheet(&theme)))
                    })
                    tables=Callback::new(move |()| {
                        answer.with_untracked(|answer| answer.iter().map(Answer::table).collect())
                    })
                />
            </div>
        </div>
    }
    .into_any()
}

/// The likeliest answers with the frequencies' votes.
fn likeliest(answer: &Answer) -> AnyView {
    let head =
        answer.votes.iter().map(|(k, _)| view! { <th scope="col">{format!("k = {k}")}</th> }).collect_view();
    let row = |c: usize| {
        let vote = |(_, votes): &(usize, Vec<f32>)| {
            let vote = votes.get(c).map(|vote| format!("{vote:.1}"));
            view! { <td>{vote}</td> }
        };
        let votes = answer.votes.iter().map(vote).collect_view();
        view! { <tr><th scope="row">{c}</th><td>{format!("{:.2}", answer.logits[c])}</td>{votes}</tr> }
    };
    let rows = answer.ranked().into_iter().take(N_TOP).map(row).collect_view();
    view! {
        <table>
            <thead><tr><th scope="col">"c"</th><th scope="col">"logit"</th>{head}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Draws the votes on the sum that was asked for.
struct VotesPainter {
    store: Store,
}

impl Painter for VotesPainter {
    fn height(&self, width: f64, theme: &Theme) -> Option<f64> {
        let of = |answer: &Answer| answer.sheet(theme).height(width, theme);
        self.store.peek(|state| state.ablation_requests.answer.as_ref().map(of))
    }

    fn draw(&self, area: &Area, theme: &Theme) -> Result<Vec<PixelMap>> {
        let of = |answer: &Answer| answer.sheet(theme).draw(area, theme);
        self.store.peek(|state| state.ablation_requests.answer.as_ref().map_or(Ok(Vec::new()), of))
    }
}

#[cfg(test)]
mod tests {
    use super::{fitted, pair, words};
    use crate::error::{ErrorKind, ErrorReport};
    use crate::protocol::analyst::AnalystReply;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::update::analysed_sample::analysed;
    use crate::ui::update::{Message, update};

    fn texts(a: &str, b: &str) -> [String; 2] {
        [a, b].map(str::to_owned)
    }

    #[test]
    fn only_sums_that_the_model_knows_are_asked_and_the_others_are_told_what_is_allowed() {
        assert_eq!(pair(&texts("6", " 0 "), 7), Ok((6, 0)));
        for (a, b, problem) in [
            ("7", "0", "The first number is \u{201c}7\u{201d}: only a whole number from 0 to 6 is allowed."),
            (
                "0",
                "-1",
                "The second number is \u{201c}-1\u{201d}: only a whole number from 0 to 6 is allowed.",
            ),
            (
                "1.5",
                "9",
                "The first number is \u{201c}1.5\u{201d}: only a whole number from 0 to 6 is allowed.",
            ),
            ("1", "", "The second number is missing: a whole number from 0 to 6 is allowed."),
        ] {
            assert_eq!(pair(&texts(a, b), 7), Err(problem.to_owned()));
        }
        assert!(pair(&texts("0", "0"), 0).is_err(), "no model");
    }

    #[test]
    fn the_first_sum_fits_the_model_and_the_readers_own_stays_while_it_does() {
        assert_eq!(fitted(&texts("8", "16"), 113), texts("8", "16"));
        assert_eq!(fitted(&texts("8", "16"), 7), texts("1", "2"));
        assert_eq!(fitted(&texts("5", "16"), 7), texts("5", "2"));
        assert!(pair(&fitted(&texts("", "x"), 3), 3).is_ok());
    }

    #[test]
    fn the_answer_says_whose_it_is_and_whether_it_is_right() {
        let mut state = analysed();
        assert_eq!(words(&state), "");
        update(&mut state, Message::Ask(3, 6));
        assert_eq!(words(&state), "It is being asked.");
        let mut say = |right: bool| {
            let mut logits = vec![0.0; 7];
            logits[if right { 2 } else { 4 }] = 1.0;
            let reply = AnalystReply::Answer {
                id: state.analyst.last_request,
                votes: vec![(3, logits.clone())],
                logits,
            };
            update(&mut state, Message::FromAnalyst(reply));
            let said = words(&state);
            update(&mut state, Message::EditAblation(AblationEdit::Head(0)));
            said
        };
        assert_eq!(
            say(true),
            "It says 3 + 6 = 2: right. By the votes on 7 answers, 2 is number 1 for k = 3."
        );
        let ablated = "The ablated model says 3 + 6 = 4: wrong, it is 2. By the votes on 7 answers, 2 is number 2 for k = 3.";
        assert_eq!(say(false), ablated);
        for _ in 0..2 {
            let id = Some(state.analyst.last_request);
            let error = ErrorReport::new(ErrorKind::Protocol, "gone");
            update(&mut state, Message::FromAnalyst(AnalystReply::Failed { id, error }));
        }
        assert_eq!(words(&state), "It could not be asked: gone");
    }
}
