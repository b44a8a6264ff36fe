//! `cargo lesson list`: the lessons in their order.

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use course::Course;

use crate::terminal;

/// The lessons in their order: what is new in each, what it follows, its article
#[derive(clap::Args)]
pub(crate) struct List {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

impl List {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        if self.json {
            return terminal::print(&serde_json::to_string_pretty(&course.lessons)?);
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(["#", "Lesson", "New idea", "Follows", "Article"]);
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(terminal::width());
        for lesson in &course.lessons {
            let about = &lesson.about;
            table.add_row([
                about.number.to_string(),
                lesson.name.clone(),
                about.idea.en.clone(),
                about.follows.clone().unwrap_or_else(|| "–".into()),
                about.source.clone(),
            ]);
        }
        terminal::print(&table.trim_fmt())
    }
}
