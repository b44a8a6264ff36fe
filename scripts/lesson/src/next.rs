//! `cargo lesson next`: what to do now.

use anyhow::Result;
use course::requirements::STAGES;
use course::{Course, Lesson};

use crate::progress::{self, Half, Progress};
use crate::terminal;
use crate::words::{Language, Speak};

/// What to do now: read, start, or grade
#[derive(clap::Args)]
pub(crate) struct Next {
    #[command(flatten)]
    speak: Speak,
}

impl Next {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let progress = Progress::read(course)?;
        terminal::say(&advice(course, &progress, self.speak.language()))
    }
}

fn advice(course: &Course, progress: &Progress, language: Language) -> String {
    let (to_write, to_read): (Vec<_>, Vec<_>) =
        course.lessons.iter().partition(|lesson| !lesson.tutorial().is_empty());
    let of = |lesson| progress::programs(lesson).into_iter().map(move |half| (lesson, half));
    let programs: Vec<(&Lesson, Option<Half>)> = to_write.into_iter().flat_map(of).collect();
    let dialogue = |&(lesson, half): &_| progress.has(lesson, half, STAGES[0]);
    // What follows the last one that is done comes first, and then what was passed over.
    let done = programs.iter().rposition(dialogue).map_or(0, |last| last + 1);
    let (before, after) = programs.split_at(done);
    let open: Vec<_> = after.iter().chain(before).filter(|it| !dialogue(it)).collect();
    let begun = |&&(lesson, half): &&_| progress::source(course, lesson, half).is_some();
    if let Some(&&(lesson, half)) = open.iter().find(|it| begun(it)) {
        return go_on(course, lesson, half, language);
    }
    if let Some(&&(lesson, half)) = open.first() {
        return begin(lesson, half, language);
    }
    let whole = |(lesson, half)| STAGES.into_iter().all(|it| progress.has(lesson, half, it));
    let runs: Vec<_> =
        to_read.iter().map(|lesson| format!("\n    cargo run -p {}", lesson.name)).collect();
    let runs = runs.concat();
    if let Some((lesson, half)) = programs.into_iter().find(|&it| !whole(it)) {
        let Lesson { name, .. } = lesson;
        let option = progress::option(half);
        return language.pick(
            format!(
                "Each of your programs holds its dialogue. Now make them programs to trust, {name} \
                 first:\n    cargo lesson diff {name} --guards\n    cargo lesson grade {name}{option} --watch\n\
                 Run the other lessons, and read them:{runs}"
            ),
            format!(
                "你的程序都已通过对话。接下来让它们变得可靠，先从 {name} 开始：\n    \
                 cargo lesson diff {name} --guards\n    cargo lesson grade {name}{option} --watch\n\
                 其余几课的程序可以直接运行、阅读：{runs}"
            ),
        );
    }
    language.pick(
        format!(
            "Your programs meet every requirement. Run the other lessons, and read them:{runs}"
        ),
        format!("你的程序已通过全部要求。其余几课的程序可以直接运行、阅读：{runs}"),
    )
}

/// The title of a lesson: its number, its name, its idea.
fn title(lesson: &Lesson, language: Language) -> String {
    let (number, name, idea) = (lesson.about.number, &lesson.name, language.of(&lesson.about.idea));
    language.pick(
        format!("Lesson {number}, {name}: {idea}."),
        format!("第 {number} 课 {name}：{idea}。"),
    )
}

fn go_on(course: &Course, lesson: &Lesson, half: Option<Half>, language: Language) -> String {
    let source = progress::source(course, lesson, half).unwrap_or_default();
    let (source, name, option) = (progress::shown(&source), &lesson.name, progress::option(half));
    let title = title(lesson, language);
    let what = language.pick(
        format!("You have begun it: {source}. Go on, and grade it after each save:"),
        format!("你已开始写 {source}。继续写，每次保存后自动评分："),
    );
    format!("{title}\n{what}\n    cargo lesson grade {name}{option} --watch")
}

fn begin(lesson: &Lesson, half: Option<Half>, language: Language) -> String {
    let (name, option) = (&lesson.name, progress::option(half));
    let (title, article) = (title(lesson, language), language.article(lesson));
    let what = language.pick(
        format!("Read {article}crates/{name}/README.md. Then write your own, in Rust or Python:"),
        format!("先读{article}crates/{name}/README.zh-CN.md，再自己写一遍（Rust 或 Python）："),
    );
    format!(
        "{title}\n{what}\n    cargo lesson start {name}{option}\n    cargo lesson start {name}{option} --python"
    )
}
