//! What people and systems write when they have nothing to write.

/// Does the (cleaned) text stand for "nothing"? `-`, `不详`, `NULL` …
pub fn is_missing(s: &str) -> bool {
    match s.len() {
        0 => true,
        1 => matches!(s, "-" | "/" | "\\" | "." | "*" | "?"),
        // Numbers and times are what most cells hold.
        2..=12 if !s.as_bytes()[0].is_ascii_digit() => {
            matches!(
                s,
                "--" | "---"
                    | "----"
                    | "—"
                    | "——"
                    | "－"
                    | "\\N"
                    | "NULL"
                    | "null"
                    | "Null"
                    | "(null)"
                    | "(NULL)"
                    | "<null>"
                    | "None"
                    | "none"
                    | "N/A"
                    | "n/a"
                    | "NA"
                    | "NaN"
                    | "nan"
                    | "nil"
                    | "#N/A"
                    | "无"
                    | "空"
                    | "不详"
                    | "未知"
                    | "不明"
                    | "暂无"
                    | "暂缺"
                    | "未填"
                    | "无信息"
                    | "无记录"
                    | "不知道"
                    | "待查"
                    | "(空)"
                    | "unknown"
                    | "UNKNOWN"
                    | "Unknown"
            )
        }
        _ => false,
    }
}

/// Does the (cleaned) text stand for "no number"? What [`is_missing`] knows, `-1`, and zeros only.
pub fn is_missing_number(s: &str) -> bool {
    is_missing(s) || s == "-1" || s.bytes().all(|b| b == b'0')
}

/// Does the text stand for "no time"? What [`is_missing`] knows, zeros only, and the first or last day of a calendar.
pub fn is_missing_time(s: &str) -> bool {
    if is_missing(s) {
        return true;
    }
    let b = s.as_bytes();
    if !matches!(b[0], b'0' | b'1' | b'9') {
        return false;
    }
    const DAYS: [&str; 9] =
        ["1900-01-01", "1900/01/01", "1900/1/1", "19000101", "0001-01-01", "00010101", "9999-12-31", "99991231", "9999/12/31"];
    DAYS.iter().any(|day| s.starts_with(day)) || s.bytes().all(|b| matches!(b, b'0' | b'-' | b':' | b' ' | b'/' | b'.' | b'T'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_nothing_and_short_values_are_something() {
        for s in ["", "-", "--", "不详", "无", "NULL", "\\N", "N/A", "/", "空", "未知"] {
            assert!(is_missing(s), "{s:?}");
        }
        for s in ["0", "-1", "无锡", "不详细", "a", "1", "Nan Li", "110"] {
            assert!(!is_missing(s), "{s:?}");
        }
    }

    #[test]
    fn zeros_are_no_number_and_110_is_one() {
        for s in ["0", "-1", "00000000000", "000000000000000", "-"] {
            assert!(is_missing_number(s), "{s:?}");
        }
        for s in ["110", "10086", "01012345678", "-2"] {
            assert!(!is_missing_number(s), "{s:?}");
        }
    }

    #[test]
    fn ends_of_a_calendar_are_no_time() {
        for s in
            ["1900-01-01", "1900-01-01 00:00:00", "19000101000000", "0000-00-00 00:00:00", "00000000000000", "9999-12-31 23:59:59", "-"]
        {
            assert!(is_missing_time(s), "{s:?}");
        }
        for s in ["1990-01-01", "2024-01-01 00:00:00", "1999-12-31", "01:02:03"] {
            assert!(!is_missing_time(s), "{s:?}");
        }
    }
}
