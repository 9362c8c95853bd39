//! Prints a session as tables.

use std::fmt::Write;

use crate::compare::{Row, Spread, ToBase};
use crate::goals::{Judged, Limit};
use crate::measured::Session;

/// Prints the session on standard output.
pub fn print(session: &Session) {
    print!("{}", text(session));
}

fn text(session: &Session) -> String {
    let Session {
        surroundings,
        envoy_concurrency,
        slice_seconds,
        rounds,
        rows,
        goals,
        to_base,
        ..
    } = session;
    let mut text = format!(
        "{} × {}; Envoy with {envoy_concurrency} worker thread(s); \
         {rounds} round(s) of {slice_seconds:.2} s each.\n\
         Other processes took {:.0}% of the processors' time.\n\
         Medians over the rounds, and in parentheses the range. Latencies and CPU time in µs.\n",
        surroundings.processors,
        surroundings.processor,
        surroundings.others * 100.0,
    );
    let mut connections: Vec<u16> = rows.iter().map(|row| row.connections).collect();
    connections.dedup();
    for connections in connections {
        let rows: Vec<&Row> = rows
            .iter()
            .filter(|row| row.connections == connections)
            .collect();
        text.push_str(&table(connections, &rows));
    }
    text.push_str(&judgements(goals));
    text.push_str(&ratios(to_base));
    text
}

fn table(connections: u16, rows: &[&Row]) -> String {
    let mut text = format!("\n{connections} connection(s)\n");
    let head = [
        "case",
        "p50",
        "p99",
        "requests/s",
        "× no auth",
        "p50 − no auth",
        "Envoy CPU",
        "server CPU",
    ];
    line(&mut text, &head.map(str::to_owned));
    for row in rows {
        line(
            &mut text,
            &[
                row.case.to_owned(),
                spread(row.p50_us, 0),
                spread(row.p99_us, 0),
                format!("{:.0}", row.per_second.median),
                spread(row.of_no_auth, 2),
                spread(row.added_p50_us, 0),
                format!("{:.1}", row.envoy_us.median),
                row.server_us
                    .map_or_else(|| "–".to_owned(), |server| spread(server, 1)),
            ],
        );
    }
    text
}

fn judgements(goals: &[Judged]) -> String {
    let mut text = String::new();
    let mut last = "";
    for Judged {
        goal,
        limit,
        case,
        value,
        met,
    } in goals
    {
        if *goal != last {
            let limit = match limit {
                Limit::AtMost(limit) => format!("at most {limit}"),
                Limit::AtLeast(limit) => format!("at least {limit}"),
            };
            // Writing to a string cannot fail.
            let _written = writeln!(text, "\n{goal}: {limit}");
            last = goal;
        }
        let digits = if value.median.abs() < 10.0 { 2 } else { 0 };
        let word = if *met { "met" } else { "MISSED" };
        let _written = writeln!(text, "  {case:<30} {:<22} {word}", spread(*value, digits));
    }
    text
}

fn ratios(to_base: &[ToBase]) -> String {
    if to_base.is_empty() {
        return String::new();
    }
    let mut text = "\nRatios to --base, round by round; the CPU is that of a request\n".to_owned();
    let head = [
        "connections, case",
        "p50",
        "requests/s",
        "Envoy and server CPU",
        "server CPU",
    ];
    ratio_line(&mut text, &head.map(str::to_owned));
    for row in to_base {
        let figures = [row.p50, row.per_second, row.cpu, row.server_cpu];
        let [p50, per_second, cpu, server_cpu] = figures.map(|figure| spread(figure, 3));
        let case = format!("{}, {}", row.connections, row.case);
        ratio_line(&mut text, &[case, p50, per_second, cpu, server_cpu]);
    }
    text
}

fn ratio_line(text: &mut String, [case, figures @ ..]: &[String; 5]) {
    let _written = write!(text, "{case:<36}");
    for figure in figures {
        let _written = write!(text, " {figure:>22}");
    }
    text.push('\n');
}

fn spread(Spread { median, low, high }: Spread, digits: usize) -> String {
    format!("{median:.digits$} ({low:.digits$}–{high:.digits$})")
}

const WIDTHS: [usize; 8] = [30, 20, 24, 11, 18, 22, 10, 18];

fn line(text: &mut String, cells: &[String; 8]) {
    let [case, figures @ ..] = cells;
    let [case_width, widths @ ..] = WIDTHS;
    let _written = write!(text, "{case:<case_width$}");
    for (cell, width) in figures.iter().zip(widths) {
        let _written = write!(text, " {cell:>width$}");
    }
    text.push('\n');
}
