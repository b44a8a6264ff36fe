//! The recorded packets of a lesson's run, step by step, each step with the line that it comes from.

use anyhow::Result;

use crate::{Course, Lesson};

/// The steps as a list, for the README.
///
/// # Errors
/// If a step has no line.
pub fn markdown(_course: &Course, _lesson: &Lesson, _chinese: bool) -> Result<Option<String>> {
    Ok(Some(String::new()))
}
