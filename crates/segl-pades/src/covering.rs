//! How much of a page is under fields that were filled or signed later.
//!
//! A field's appearance is whatever who fills it makes it, so one as large as the page hides the page. Form filling and signing
//! may be allowed all the same; whoever reads the report must know.

use std::collections::{HashMap, HashSet};

use segl_crypto::Source;
use segl_pdf::{Dictionary, Document, Object, Reference};

use crate::links::Links;

/// From here on it is told. Origin: our choice; a signature or a line of text is some percent of a page.
const TOLD_FROM: f64 = 0.5;

/// Nodes of the page tree above a page in which its size is looked for. Origin: our choice, as deep as the tree may be.
const MAX_ANCESTORS: usize = 64;

/// Widgets of which it is known how much of their pages they cover, in all revisions looked at.
#[derive(Debug, Default)]
pub(crate) struct Covering {
    /// By the number of the page; `None` for what has no size.
    pages: HashMap<u32, Option<Page>>,
}

#[derive(Debug)]
struct Page {
    visible: Rectangle,
    widgets: HashSet<u32>,
    /// The share that these cover together.
    covered: f64,
}

impl Covering {
    /// Takes in a widget with a new appearance; the percentage, when it and those before it hide much of a page.
    pub(crate) fn add<S: Source>(
        &mut self,
        document: &Document<S>,
        links: &Links,
        widget: Reference,
    ) -> Option<u8> {
        let places = links.places(widget.number);
        let pages = places.iter().filter(|place| place.leaf() == "Annots").filter_map(|place| place.owner());
        let value = document.load(widget).ok()?;
        let rect = rectangle(document, value.as_dictionary()?, "Rect")?;
        let mut told = None;
        for page in pages {
            let page = self.pages.entry(page).or_insert_with(|| {
                let visible = visible(document, page)?;
                Some(Page { visible, widgets: HashSet::new(), covered: 0.0 })
            });
            let Some(page) = page else { continue };
            let share = rect.cut(&page.visible).area() / page.visible.area();
            if share.is_finite() && page.widgets.insert(widget.number) {
                page.covered += share;
                if page.covered >= TOLD_FROM {
                    told = told.max(Some(percent(page.covered)));
                }
            }
        }
        told
    }
}

/// Widgets may lie over each other, so that the sum is more than there is.
fn percent(share: f64) -> u8 {
    (0..=100).rev().find(|percent| f64::from(*percent) / 100.0 <= share).unwrap_or(0)
}

/// What is shown of a page: the crop box inside the media box, each inherited (7.7.3.3).
fn visible<S: Source>(document: &Document<S>, page: u32) -> Option<Rectangle> {
    let inherited = |key: &str| {
        let mut node = document.load(document.reference(page)?).ok()?;
        for _ in 0..MAX_ANCESTORS {
            let dictionary = node.as_dictionary()?;
            if let Some(found) = rectangle(document, dictionary, key) {
                return Some(found);
            }
            node = document.value(dictionary, "Parent").ok()?;
        }
        None
    };
    let media = inherited("MediaBox")?;
    let visible = inherited("CropBox").map_or(media, |crop| crop.cut(&media));
    (visible.area() > 0.0).then_some(visible)
}

/// Any two opposite corners (7.9.5).
#[derive(Debug, Clone, Copy)]
struct Rectangle {
    left: f64,
    bottom: f64,
    right: f64,
    top: f64,
}

impl Rectangle {
    fn area(&self) -> f64 {
        (self.right - self.left).max(0.0) * (self.top - self.bottom).max(0.0)
    }

    fn cut(&self, by: &Self) -> Self {
        Self {
            left: self.left.max(by.left),
            bottom: self.bottom.max(by.bottom),
            right: self.right.min(by.right),
            top: self.top.min(by.top),
        }
    }
}

fn rectangle<S: Source>(document: &Document<S>, dictionary: &Dictionary, key: &str) -> Option<Rectangle> {
    let value = document.value(dictionary, key).ok()?;
    let number = |index: usize| match document.resolve(value.as_array()?.get(index)?).ok()? {
        Object::Real(real) => Some(real.value()),
        // Exact for any page there is.
        Object::Integer(integer) => Some(f64::from(i32::try_from(integer).ok()?)),
        _ => None,
    };
    let [one, two, three, four] = [number(0)?, number(1)?, number(2)?, number(3)?];
    Some(Rectangle { left: one.min(three), bottom: two.min(four), right: one.max(three), top: two.max(four) })
}
