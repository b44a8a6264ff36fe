//! A picture of the bits of an address and its mask, drawn from what the program prints.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use course::pages::{self, Part};
use course::{Course, Lesson};

use crate::blocks::escape;
use crate::language::Language;
use crate::picture;

/// The width of a bit and of the gap after eight; the height of a number with its bits.
const BIT: i32 = 12;
const GAP: i32 = 8;
const NUMBER: i32 = 54;
const TOP: i32 = 42;

pub(crate) fn draw(course: &Course, lesson: &Lesson, language: Language) -> Result<String> {
    let readme = pages::parts(&course.text(&format!("crates/{}/README.md", lesson.name))?)?;
    let printed = readme.iter().find_map(|part| match part {
        Part::Code { text, mark: Some(mark), .. } if mark == "trust 1" => Some(text),
        _ => None,
    });
    let lines: Vec<_> =
        printed.context("the README shows nothing that the program prints")?.lines().collect();
    // A number's name and value, and below it, its bits.
    let numbers: Vec<(&str, Vec<char>)> = lines
        .windows(2)
        .filter(|pair| pair[1].trim().len() == 35 && !pair[1].contains(|c| !" .01".contains(c)))
        .map(|pair| (pair[0], pair[1].chars().filter(char::is_ascii_digit).collect()))
        .collect();
    let named = |name| numbers.iter().filter(move |(line, _)| line.starts_with(name));
    let mask = &named("Mask").next().context("no mask is printed")?.1;
    let network = mask.iter().filter(|&&bit| bit == '1').count();
    let networks: Vec<_> = named("Network").map(|(_, bits)| bits).collect();

    let left = |bit: usize| {
        let bit = i32::try_from(bit).unwrap_or(0);
        1 + bit * BIT + bit / 8 * GAP
    };
    let (middle, width) = (left(network) - GAP / 2, left(32) - GAP + 1);
    let height = TOP + NUMBER * i32::try_from(numbers.len())?;
    let title = language
        .pick("The bits of an address, its mask and its network", "一个地址、掩码和网络的各个位");
    let mut svg = picture::start(title, width, height);
    let (ones, zeros) = (network, 32 - network);
    for (from, to, words) in [
        (0, middle - 3, language.pick(format!("network: {ones} bits"), format!("网络：{ones} 位"))),
        (
            middle + 3,
            width,
            language.pick(format!("host: {zeros} bits"), format!("主机：{zeros} 位")),
        ),
    ] {
        let center = from.midpoint(to);
        writeln!(
            svg,
            "<text x=\"{center}\" y=\"14\" text-anchor=\"middle\" font-size=\"12\" font-weight=\"600\">{words}</text>\
             <path d=\"M{from} 28V22H{to}V28\" fill=\"none\" stroke=\"currentColor\"/>"
        )?;
    }
    for (row, (line, bits)) in numbers.iter().enumerate() {
        let y = TOP + NUMBER * i32::try_from(row)?;
        let words = escape(&line.split_whitespace().collect::<Vec<_>>().join(" "));
        writeln!(svg, "<text x=\"0\" y=\"{}\" font-size=\"12\">{words}</text>", y + 10)?;
        for (at, bit) in bits.iter().enumerate() {
            let (x, top) = (left(at), y + 18);
            let class = if at < network { "network" } else { "host" };
            let differs = line.starts_with("Network") && networks.iter().any(|n| n[at] != *bit);
            let frame = if differs { " stroke=\"currentColor\" stroke-width=\"1.5\"" } else { "" };
            writeln!(
                svg,
                "<g class=\"{class}\"><rect x=\"{x}\" y=\"{top}\" width=\"{BIT}\" height=\"20\"{frame}/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{bit}</text></g>",
                x + BIT / 2,
                top + 15
            )?;
        }
    }
    let line = "stroke=\"currentColor\" stroke-dasharray=\"3 3\"";
    writeln!(svg, "<path d=\"M{middle} 30V{height}\" fill=\"none\" {line}/>\n</svg>")?;
    Ok(svg)
}
