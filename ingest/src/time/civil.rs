//! Calendar arithmetic on the proleptic Gregorian calendar.

use domain::NANOS_PER_SECOND;

const SECONDS_PER_DAY: i64 = 86_400;

/// A date and time of day with its offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Civil {
    pub year: i32,
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub nanos: u32,
    pub offset_seconds: i32,
}

impl Civil {
    /// The instant; `None` when a part is out of range. A leap second (60) counts as the second after. Years beyond what
    /// an `i64` of nanoseconds holds (1677 to 2262) become its ends, which no limit believes.
    pub fn to_ns(self) -> Option<i64> {
        let is_valid = (1..=12).contains(&self.month)
            && self.day >= 1
            && self.day <= days_in_month(self.year, self.month)
            && self.hour <= 23
            && self.minute <= 59
            && self.second <= 60
            && self.nanos < 1_000_000_000;
        if !is_valid {
            return None;
        }
        let days = days_from_civil(self.year, self.month, self.day);
        let in_day = i64::from(self.hour * 3_600 + self.minute * 60 + self.second);
        let seconds = days * SECONDS_PER_DAY + in_day - i64::from(self.offset_seconds);
        Some(
            seconds
                .saturating_mul(NANOS_PER_SECOND)
                .saturating_add(i64::from(self.nanos)),
        )
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn days_from_civil(year: i32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i64::from((month + 9) % 12);
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of an instant in UTC. Source: the same, `civil_from_days`.
pub(super) fn date_of(instant_ns: i64) -> (i32, u32, u32) {
    let days = instant_ns.div_euclid(SECONDS_PER_DAY * NANOS_PER_SECOND) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let fits = "an i64 of nanoseconds spans the years 1677 to 2262";
    (
        i32::try_from(year).expect(fits),
        u32::try_from(month).expect(fits),
        u32::try_from(day).expect(fits),
    )
}
