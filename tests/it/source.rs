//! The crate's own text, for the tests that read it.

use std::fs;
use std::path::{Path, PathBuf};

/// Folder with Cargo.toml.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` (relative to the root) with that extension, sorted; paths relative to the root, with `/`.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut |path| {
        if path.extension().is_some_and(|e| e == extension) {
            found.push(path.strip_prefix(root()).expect("a file below the root").to_path_buf());
        }
    });
    found.sort();
    found
}

/// Calls `visit` with every file below `folder`, without `target` and hidden folders.
pub fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("a readable folder").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && (!name.starts_with('.') || name == ".ci" || name == ".github") {
                walk(&path, visit);
            }
        } else {
            visit(&path);
        }
    }
}

/// Text of a file of the crate.
pub fn text(path: &Path) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("read {}: {e}", path.display()))
}

/// Rust code with comments blanked, and string contents too if `strings` says so. Line numbers stay.
pub fn code(rust: &str, strings: Strings) -> String {
    let chars: Vec<char> = rust.chars().collect();
    let mut out = String::with_capacity(rust.len());
    let mut i = 0;
    let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
    while i < chars.len() {
        let rest = &chars[i..];
        if rest.starts_with(&['/', '/']) {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if rest.starts_with(&['/', '*']) {
            while i < chars.len() && !chars[i..].starts_with(&['*', '/']) {
                out.push(blank(chars[i]));
                i += 1;
            }
            i += 2;
        } else if let Some((quote, end)) = string_at(&chars, i) {
            match strings {
                Strings::Kept => out.extend(&chars[i..end]),
                Strings::Blanked => {
                    out.extend(chars[i..quote].iter());
                    out.extend(chars[quote..end].iter().map(|c| blank(*c)));
                }
            }
            i = end;
        } else if let Some(end) = char_at(&chars, i) {
            out.extend(chars[i..end].iter().map(|_| ' '));
            i = end;
        } else {
            out.push(chars[i]);
            i += 1;
        }
    }
    out
}

/// What [`code`] does with string literals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Strings {
    Kept,
    Blanked,
}

/// Of a string literal that starts at `i`: where its content starts and where the literal ends.
fn string_at(chars: &[char], i: usize) -> Option<(usize, usize)> {
    let before = i.checked_sub(1).map(|p| chars[p]);
    let raw = chars[i] == 'r' && !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if raw {
        let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
        let open = i + 1 + hashes;
        if chars.get(open) != Some(&'"') {
            return None;
        }
        let mut close = vec!['"'];
        close.extend(std::iter::repeat_n('#', hashes));
        let mut end = open + 1;
        while end < chars.len() && !chars[end..].starts_with(&close) {
            end += 1;
        }
        return Some((open + 1, (end + close.len()).min(chars.len())));
    }
    if chars[i] != '"' {
        return None;
    }
    let mut end = i + 1;
    while end < chars.len() && chars[end] != '"' {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    Some((i + 1, (end + 1).min(chars.len())))
}

/// End of a character literal that starts at `i`; lifetimes are none.
fn char_at(chars: &[char], i: usize) -> Option<usize> {
    if chars[i] != '\'' {
        return None;
    }
    match (chars.get(i + 1)?, chars.get(i + 2)) {
        ('\\', _) => {
            let mut end = i + 3;
            while end < chars.len() && chars[end] != '\'' {
                end += 1;
            }
            Some(end + 1)
        }
        (_, Some('\'')) => Some(i + 3),
        _ => None,
    }
}

/// Line number, from 1, of a byte of the text.
pub fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

/// Compares a generated page with the committed one, or writes it when `UPDATE_DOCS` is set.
pub fn check_page(path: &str, generated: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(file.parent().expect("a page lies in a folder")).expect("create docs/");
        fs::write(&file, generated).expect("write the page");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == generated, "{path} is out of date: run `UPDATE_DOCS=1 cargo test docs` and commit it");
}

#[test]
fn comments_and_strings_are_told_from_code() {
    let rust = "a /* b\n*/ c // d\n\"e // f\" 'g' r#\"h \" i\"# &'static j";
    assert_eq!(code(rust, Strings::Blanked).split_whitespace().collect::<Vec<_>>(), ["a", "c", "\"", "r#\"", "&'static", "j"]);
    assert!(code(rust, Strings::Kept).contains("e // f"));
    assert_eq!(line_of(rust, rust.len()), 3);
}
