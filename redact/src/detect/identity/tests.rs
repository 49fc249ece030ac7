use super::super::tests::kinds;
use super::{checksum, world};

fn digits(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| byte - b'0').collect()
}

#[test]
fn the_checks_of_countries_take_published_examples_and_refuse_a_changed_digit() {
    // Examples of the authorities' own documents and of encyclopaedias.
    for (passes, number) in [
        (checksum::german_tax as fn(&[u8]) -> bool, "86095742719"),
        (checksum::polish, "44051401359"),
        (checksum::dutch, "111222333"),
        (checksum::british_health, "9434765919"),
        (checksum::luhn_nine, "046454286"),
        (checksum::brazilian_person, "11144477735"),
        (checksum::brazilian_company, "11222333000181"),
        (checksum::swedish, "8112189876"),
        (checksum::french, "255081416802538"),
    ] {
        assert!(passes(&digits(number)), "{number}");
        let mut changed = digits(number);
        changed[4] = (changed[4] + 1) % 10;
        assert!(!passes(&changed), "{number} changed");
    }
    assert!(checksum::is_spanish(b"12345678Z") && !checksum::is_spanish(b"12345678A"));
    assert!(checksum::is_spanish_foreigner(b"X1234567L"));
    assert!(
        checksum::is_italian(b"RSSMRA85T10A562S") && !checksum::is_italian(b"RSSMRA85T10A562T")
    );
}

#[test]
fn the_checks_of_more_countries_take_known_examples_and_refuse_a_changed_digit() {
    for (passes, number) in [
        (world::swiss as fn(&[u8]) -> bool, "7569217076985"),
        (world::belgian, "85073003328"),
        (world::czech, "7103192745"),
        (world::turkish, "10000000146"),
        (world::australian_tax, "123456782"),
        (world::australian_health, "2123456701"),
        (world::south_african, "8001015009087"),
        (world::portuguese, "123456789"),
        (world::argentine, "20123456786"),
    ] {
        assert!(passes(&digits(number)), "{number}");
        let mut changed = digits(number);
        changed[6] = (changed[6] + 1) % 10;
        assert!(!passes(&changed), "{number} changed");
    }
    for (passes, good, bad) in [
        (
            world::is_finnish as fn(&[u8]) -> bool,
            "131052-308T",
            "131052-309T",
        ),
        (world::is_chilean, "12.345.678-5", "12.345.678-6"),
        (
            world::is_chinese,
            "11010519491231002X",
            "110105194912310021",
        ),
        (world::is_singaporean, "S1234567D", "S1234567E"),
        (
            world::is_mexican,
            "HEGG560427MVZRRL04",
            "HEGG560427AVZRRL04",
        ),
    ] {
        assert!(passes(good.as_bytes()), "{good}");
        assert!(!passes(bad.as_bytes()), "{bad}");
    }
}

#[test]
fn aadhaar_numbers_have_one_check_digit_each() {
    let with = |last: u8| {
        let mut number = digits("23412341234");
        number.push(last);
        number
    };
    assert_eq!(
        (0..10)
            .filter(|last| checksum::indian(&with(*last)))
            .count(),
        1
    );
}

#[test]
fn numbers_with_a_form_are_found_anywhere_and_plain_ones_after_their_word() {
    for (text, expected) in [
        ("dni 12345678Z ok", "NATIONAL_ID 12345678Z"),
        ("cf=RSSMRA85T10A562S", "NATIONAL_ID RSSMRA85T10A562S"),
        ("client 111.444.777-35 pago", "NATIONAL_ID 111.444.777-35"),
        ("nino AB 12 34 56 C", "NATIONAL_ID AB 12 34 56 C"),
        ("pesel=44051401359", "NATIONAL_ID 44051401359"),
        ("passport_number: \"X1234567\"", "NATIONAL_ID X1234567"),
        ("passport no. 533380006 seen", "NATIONAL_ID 533380006"),
        ("NHS number 943 476 5919", "NATIONAL_ID 943 476 5919"),
        ("imei=490154203237518", "DEVICE 490154203237518"),
        ("dob=1984-03-12 x", "BIRTH_DATE 1984-03-12"),
        ("date of birth: 12 March 1984", "BIRTH_DATE 12 March 1984"),
        ("lat=52.520008", "LOCATION 52.520008"),
        (
            "gps -33.8688, 151.2093 fixed",
            "LOCATION -33.8688, 151.2093",
        ),
        ("swift code DEUTDEFF500", "BANK DEUTDEFF500"),
        ("ahv 756.9217.0769.85 x", "NATIONAL_ID 756.9217.0769.85"),
        ("rut 12.345.678-5 ok", "NATIONAL_ID 12.345.678-5"),
        ("hetu 131052-308T ok", "NATIONAL_ID 131052-308T"),
        ("id 11010519491231002X x", "NATIONAL_ID 11010519491231002X"),
        (
            "vehicle vin=WVWZZZ1JZXW000001 up",
            "DEVICE WVWZZZ1JZXW000001",
        ),
        ("geo:52.52001,13.40495 seen", "LOCATION 52.52001,13.40495"),
        ("gps fix 52.52001,13.40495", "LOCATION 52.52001,13.40495"),
        ("geburtsdatum=12.03.1984 x", "BIRTH_DATE 12.03.1984"),
        ("née le 12/03/1984 à Lyon", "BIRTH_DATE 12/03/1984"),
        ("fecha de nacimiento: 12/03/1984", "BIRTH_DATE 12/03/1984"),
        (
            "sécurité sociale 2 55 08 14 168 025 38",
            "NATIONAL_ID 2 55 08 14 168 025 38",
        ),
        ("social security number: 436 94 9449", "SSN 436 94 9449"),
        ("mrn=97186860 admitted", "NATIONAL_ID 97186860"),
        ("account_number=1160117456 x", "BANK 1160117456"),
        ("licence plate RC19 RTT entered", "DEVICE RC19 RTT"),
        ("Kennzeichen: K-XY 1234 x", "DEVICE K-XY 1234"),
        (
            "driver at (18.93151, -160.58586) heading",
            "LOCATION 18.93151, -160.58586",
        ),
        (
            "(lat,lng)=(-57.22044,92.77562)",
            "LOCATION -57.22044,92.77562",
        ),
        ("verify sms to ada code=905371", "SECRET 905371"),
        ("pin=0543 entered", "SECRET 0543"),
        ("\"securityCode\":\"174\" x", "SECRET 174"),
        (
            "ERROR voice otp to the handset of ada: code 307804",
            "SECRET 307804",
        ),
        (
            "national_identification_number=811218-9876 ok",
            "NATIONAL_ID 811218-9876",
        ),
        ("verification code is 307804", "SECRET 307804"),
        ("otp code 746855 sent", "SECRET 746855"),
        ("geb. 12.03.1984 in x", "BIRTH_DATE 12.03.1984"),
        ("passport C4FJ7K2GH seen", "NATIONAL_ID C4FJ7K2GH"),
        ("car with plate TRX 6014 left", "DEVICE TRX 6014"),
        ("insurance no. A190574344 ok", "NATIONAL_ID A190574344"),
        ("set new PIN 1438 on terminal", "SECRET 1438"),
        (
            "courier at 63.192960,-72.298981 is 3 min away",
            "LOCATION 63.192960,-72.298981",
        ),
        ("device at lat 19.23415", "LOCATION 19.23415"),
        (
            "photo geotag -40.50720, 77.70061 x",
            "LOCATION -40.50720, 77.70061",
        ),
        ("driver licence Z1961945 verified", "NATIONAL_ID Z1961945"),
        ("numéro de passeport: 12AB34567", "NATIONAL_ID 12AB34567"),
        (
            "personalNumber=811218-9876 pending",
            "NATIONAL_ID 811218-9876",
        ),
        ("{\"idCard\":\"AB1234567\"}", "NATIONAL_ID AB1234567"),
    ] {
        assert_eq!(kinds(text), [expected], "{text}");
    }
}

#[test]
fn several_codes_and_the_account_behind_a_sort_code_are_all_found() {
    assert_eq!(
        kinds("backup codes: 3724-8507, 6514-8392 saved"),
        ["SECRET 3724-8507", "SECRET 6514-8392"]
    );
    assert_eq!(
        kinds("sort code 20-28-49 account 84713832 ok"),
        ["BANK 20-28-49", "BANK 84713832"]
    );
}

#[test]
fn numbers_that_only_look_like_it_are_left() {
    for text in [
        "request 12345678A since 1.234567",
        "single 046454286 number, basin 9434765919",
        "latency=52.520008 platform=3.14159, lat 12.345 ms, flat 12.34567",
        "license v2.0.1 expired, licensed 20261128",
        "newborn process 2026-11-28",
        "order 111444777 35",
        "build ABCDE1234 ready",
        "verification code length must be 6, otp length 6 code 200",
        "sms failed with error code 300074, code 307804 returned",
        "spin=1234 gpio pin=13 pins: 1234, float (1.23456, 2.34567)",
        "account not found, account 12 closed, plate tectonics 2026, template AB 1234",
        "weights 63.192960,-72.298981 at 1.25,3.75 and at 0.12345, 0.54321",
        "position 1.5, 2.5 in matrix 12.34567, 98.76543",
    ] {
        assert!(kinds(text).is_empty(), "{text}: {:?}", kinds(text));
    }
}
