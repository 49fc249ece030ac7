//! Answers of a written size: long texts are cut, long lists are shortened, and what is missing is said.

use serde_json::{Map, Value};

/// Longest text inside an answer, in characters.
const TEXT_CHARS: usize = 2_000;
/// How often lists are halved at most: 2^24 items are one then.
const ROUNDS: usize = 400;

/// The answer within `limit` bytes of JSON; `left_out` counts what is missing of each list.
pub(super) fn bounded(mut answer: Value, limit: usize) -> Value {
    cut_texts(&mut answer);
    let mut left_out: Map<String, Value> = Map::new();
    for _ in 0..ROUNDS {
        // Room for what `left_out` itself takes.
        if size(&answer) + 64 * (left_out.len() + 1) <= limit {
            break;
        }
        let Some(place) = longest(&answer, &mut Vec::new()) else {
            break;
        };
        let name = place.join(".");
        let Some(list) = list_at(&mut answer, &place) else {
            break;
        };
        let kept = list.len() / 2;
        let gone = (list.len() - kept) as u64;
        list.truncate(kept);
        let before = left_out.get(&name).and_then(Value::as_u64).unwrap_or(0);
        left_out.insert(name, (before + gone).into());
    }
    if !left_out.is_empty()
        && let Value::Object(object) = &mut answer
    {
        object.insert("left_out".to_owned(), Value::Object(left_out));
    }
    answer
}

fn size(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

fn cut_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            let length = text.chars().count();
            if length > TEXT_CHARS {
                let kept: String = text.chars().take(TEXT_CHARS).collect();
                *text = format!("{kept}\u{2026} ({} characters more)", length - TEXT_CHARS);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(cut_texts),
        Value::Object(object) => object.values_mut().for_each(cut_texts),
        _ => {}
    }
}

/// The way to the list of the outermost objects that takes the most bytes. Lists inside lists go with their items.
fn longest(value: &Value, way: &mut Vec<String>) -> Option<Vec<String>> {
    fn look(value: &Value, way: &mut Vec<String>, best: &mut Option<(usize, Vec<String>)>) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                let bytes = size(value);
                if best.as_ref().is_none_or(|(most, _)| bytes > *most) {
                    *best = Some((bytes, way.clone()));
                }
            }
            Value::Object(object) => {
                for (name, inner) in object {
                    way.push(name.clone());
                    look(inner, way, best);
                    way.pop();
                }
            }
            _ => {}
        }
    }
    let mut best = None;
    look(value, way, &mut best);
    best.map(|(_, way)| way)
}

fn list_at<'a>(value: &'a mut Value, way: &[String]) -> Option<&'a mut Vec<Value>> {
    let mut here = value;
    for name in way {
        here = here.get_mut(name.as_str())?;
    }
    here.as_array_mut()
}

#[cfg(test)]
mod tests;
