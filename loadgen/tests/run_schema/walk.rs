//! A value held against the part of JSON Schema that `run.schema.json` uses.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Keywords that say something to people only, and "pattern", which says what "format" says to those who do not
/// look at that.
const WORDS: [&str; 5] = ["$schema", "title", "description", "$defs", "pattern"];

/// What came of a walk.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Where the value is not what the schema says, and why.
    pub(crate) faults: Vec<String>,
    /// Fields of the value that the schema does not know.
    pub(crate) unknown: BTreeSet<String>,
    /// Properties of the schema that the value had and that were not null, as `definition.field`.
    pub(crate) seen: BTreeSet<String>,
}

/// Holds `value` against `schema`.
pub(crate) fn walk(schema: &Value, value: &Value) -> Walk {
    let mut walk = Walk::default();
    walk.at(schema, schema, value, "", "");
    walk
}

/// Every property that the schema has, as `definition.field`.
pub(crate) fn properties(schema: &Value) -> BTreeSet<String> {
    let none = Map::new();
    let defs = schema["$defs"].as_object().unwrap_or(&none);
    let of = |name: &str, part: &Value| -> Vec<String> {
        let fields = part["properties"].as_object().into_iter().flat_map(Map::keys);
        fields.map(|field| format!("{name}.{field}")).collect()
    };
    defs.iter().flat_map(|(name, part)| of(name, part)).chain(of("", schema)).collect()
}

impl Walk {
    fn at(&mut self, root: &Value, schema: &Value, value: &Value, definition: &str, path: &str) {
        let Some(keywords) = schema.as_object() else { panic!("{path}: a schema is an object") };
        for (keyword, argument) in keywords {
            match keyword.as_str() {
                "$ref" => {
                    let name =
                        argument.as_str().and_then(|to| to.strip_prefix("#/$defs/")).expect("a definition");
                    self.at(root, &root["$defs"][name], value, name, path);
                }
                "type" if !is_one_of(argument, value) => {
                    self.fault(path, &format!("{value} is not of type {argument}"));
                }
                "const" if argument != value => self.fault(path, &format!("{value} is not {argument}")),
                "enum" if !argument.as_array().is_some_and(|all| all.contains(value)) => {
                    self.fault(path, &format!("{value} is none of {argument}"));
                }
                "minimum" if value.as_f64().is_some_and(|n| Some(n) < argument.as_f64()) => {
                    self.fault(path, &format!("{value} is less than {argument}"));
                }
                "maximum" if value.as_f64().is_some_and(|n| Some(n) > argument.as_f64()) => {
                    self.fault(path, &format!("{value} is more than {argument}"));
                }
                "format" if value.as_str().is_some_and(|text| !has_format(argument, text)) => {
                    self.fault(path, &format!("{value} is no {argument}"));
                }
                "anyOf" => self.any_of(root, argument, value, path),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.at(root, argument, item, definition, &format!("{path}[{index}]"));
                    }
                }
                "required" => {
                    for name in argument.as_array().into_iter().flatten().filter_map(Value::as_str) {
                        if value.is_object() && value.get(name).is_none() {
                            self.fault(path, &format!("{name} is missing"));
                        }
                    }
                }
                "properties" => self.fields(root, argument, value, definition, path),
                "additionalProperties" => {
                    for (name, field) in value.as_object().into_iter().flatten() {
                        self.at(root, argument, field, definition, &format!("{path}.{name}"));
                    }
                }
                "type" | "const" | "enum" | "minimum" | "maximum" | "format" => {}
                other => assert!(WORDS.contains(&other), "{path}: this walker does not know '{other}'"),
            }
        }
    }

    fn fields(&mut self, root: &Value, known: &Value, value: &Value, definition: &str, path: &str) {
        for (name, field) in value.as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            match known.get(name) {
                Some(schema) => {
                    if !field.is_null() && field.as_array().is_none_or(|items| !items.is_empty()) {
                        self.seen.insert(format!("{definition}.{name}"));
                    }
                    self.at(root, schema, field, definition, &path);
                }
                None => drop(self.unknown.insert(format!("{definition}.{name}"))),
            }
        }
    }

    /// What fits wins; where nothing does, the first choice says why.
    fn any_of(&mut self, root: &Value, choices: &Value, value: &Value, path: &str) {
        let choices = choices.as_array().into_iter().flatten();
        let walks = choices.map(|choice| {
            let mut walk = Self::default();
            walk.at(root, choice, value, "", path);
            walk
        });
        let mut walks: Vec<_> = walks.collect();
        let fits = walks.iter().position(|walk| walk.faults.is_empty()).unwrap_or(0);
        let walk = walks.swap_remove(fits);
        self.faults.extend(walk.faults);
        self.unknown.extend(walk.unknown);
        self.seen.extend(walk.seen);
    }

    fn fault(&mut self, path: &str, what: &str) {
        self.faults.push(format!("{path}: {what}"));
    }
}

fn has_format(format: &Value, text: &str) -> bool {
    assert_eq!(format, "date-time", "this walker knows no other format");
    humantime::parse_rfc3339(text).is_ok()
}

fn is_one_of(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().expect("a type's name") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => panic!("'{other}' is no type"),
    };
    types.as_array().map_or_else(|| is(types), |all| all.iter().any(is))
}
