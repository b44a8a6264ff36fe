//! What lesson 1 needs besides its socket: nothing here opens one.
//!
//! Each file is one idea: [`target`] takes a URL apart and makes the request, [`head`] reads what a
//! response says of itself, [`framing`] finds the end of its body, [`save`] makes a file appear
//! whole or not at all, [`page`] finds the title, and [`progress`] is the bar that you see while a
//! long body arrives.

pub mod framing;
pub mod head;
pub mod page;
pub mod progress;
pub mod save;
pub mod target;
