use crate::Kind;

fn addresses(text: &str) -> Vec<&str> {
    crate::Scrubber::new()
        .find(text)
        .iter()
        .filter(|finding| finding.kind == Kind::Address)
        .map(|finding| &text[finding.start..finding.end])
        .collect()
}

#[test]
fn streets_of_many_countries_are_found_with_what_belongs_to_them() {
    for (text, expected) in [
        (
            "ship to 221B Baker Street, London NW1 6XE today",
            "221B Baker Street, London NW1 6XE",
        ),
        (
            "at 1600 Pine Ridge Drive Apt. 5, Springfield, IL 62704 ok",
            "1600 Pine Ridge Drive Apt. 5, Springfield, IL 62704",
        ),
        (
            "an Hauptstraße 12a, 10115 Berlin gesendet",
            "Hauptstraße 12a, 10115 Berlin",
        ),
        (
            "12 Rue de Rivoli, 75001 Paris",
            "12 Rue de Rivoli, 75001 Paris",
        ),
        ("chez 5 rue de la Paix, Paris", "5 rue de la Paix, Paris"),
        ("Calle Mayor 7 closed", "Calle Mayor 7"),
        (
            "x=1&address=12+Oak+Street,+Denver&y",
            "12+Oak+Street,+Denver",
        ),
        ("Storgatan 4 and", "Storgatan 4"),
        ("mail P.O. Box 149 now", "P.O. Box 149"),
        ("from Lindenwood, TX 75001.", "Lindenwood, TX 75001"),
        ("350 5th Avenue", "350 5th Avenue"),
        (
            "address=\"Flat 3, Rosemead Villas, Dunmore\" x",
            "Flat 3, Rosemead Villas, Dunmore",
        ),
        (
            "{\"shipping_address\":\"Plot 9 Kwame Rd\",\"q\":1}",
            "Plot 9 Kwame Rd",
        ),
    ] {
        assert_eq!(addresses(text), [expected], "{text}");
    }
}

#[test]
fn streets_of_more_countries_and_orders_are_found() {
    for (text, expected) in [
        (
            "at Karl Johans gate 102, 0154 Oslo now",
            "Karl Johans gate 102, 0154 Oslo",
        ),
        (
            "at Andrássy út 12., 1061 Budapest x",
            "Andrássy út 12., 1061 Budapest",
        ),
        (
            "in Masarykova 19, 602 00 Brno today",
            "Masarykova 19, 602 00 Brno",
        ),
        (
            "at Damrak 5 1012 AB Amsterdam x",
            "Damrak 5 1012 AB Amsterdam",
        ),
        (
            "at Keizersgracht 138, 1015 CJ Amsterdam",
            "Keizersgracht 138, 1015 CJ Amsterdam",
        ),
        (
            "at ul. 3 Maja 14/5, 00-590 Warszawa x",
            "ul. 3 Maja 14/5, 00-590 Warszawa",
        ),
        (
            "an Unter den Linden 18, 10117 Berlin",
            "Unter den Linden 18, 10117 Berlin",
        ),
        (
            "at C/ Serrano 5, 28001 Madrid x",
            "C/ Serrano 5, 28001 Madrid",
        ),
        (
            "at Rua Augusta, 1500, 01310-100 São Paulo",
            "Rua Augusta, 1500, 01310-100 São Paulo",
        ),
        ("at Via Roma, 12, 00184 Roma x", "Via Roma, 12, 00184 Roma"),
        (
            "at Bağdat Caddesi No:12, 34430 Kadıköy",
            "Bağdat Caddesi No:12, 34430 Kadıköy",
        ),
        (
            "at 12, Sector 23, Kolkata 700016 x",
            "12, Sector 23, Kolkata 700016",
        ),
        (
            "at 91, boulevard Hernandez, 22335 Fischer",
            "91, boulevard Hernandez, 22335 Fischer",
        ),
        (
            "at Flat 3, 66 Elm Close, Leeds LS1 5DL x",
            "Flat 3, 66 Elm Close, Leeds LS1 5DL",
        ),
        (
            "at Unit 5 73 Oak Viaduct, South Mark, WA 22621",
            "Unit 5 73 Oak Viaduct, South Mark, WA 22621",
        ),
        (
            "at Postfach 149, 8001 Zürich x",
            "Postfach 149, 8001 Zürich",
        ),
        (
            "au 12 rue d'Alésia, 75014 Paris x",
            "12 rue d'Alésia, 75014 Paris",
        ),
        (
            "to 37 Oak Grange, West Holly, NT, 2691 x",
            "37 Oak Grange, West Holly, NT, 2691",
        ),
        (
            "to 28 Oak Knolls Suite 5, Wexmouth, NB G3Y 7Y9 x",
            "28 Oak Knolls Suite 5, Wexmouth, NB G3Y 7Y9",
        ),
        ("to P.O.Box 9353, Lagos x", "P.O.Box 9353, Lagos"),
    ] {
        assert_eq!(addresses(text), [expected], "{text}");
    }
}

#[test]
fn what_announces_an_address_makes_any_street_one() {
    for (text, expected) in [
        ("ship to Casilla Vieja 7 carrier=dhl", "Casilla Vieja 7"),
        (
            "arrived at 9143 Wexcombe Courts now",
            "9143 Wexcombe Courts",
        ),
        (
            "address validation failed for Wexholm 31, Quillby",
            "Wexholm 31, Quillby",
        ),
        (
            "no geocode result for 'Wexholm 31, Quillby'",
            "Wexholm 31, Quillby",
        ),
        (
            "seen at 'Drottninggatan 23, 411 15 Göteborg'",
            "Drottninggatan 23, 411 15 Göteborg",
        ),
        ("she lives at Wexholm 31", "Wexholm 31"),
        (
            "delivery address: Sítio Wexcombe, 19, Manaus",
            "Sítio Wexcombe, 19, Manaus",
        ),
        (
            r#""shipping_address":{"line1":"7 Wex Ramp","x":1}"#,
            "7 Wex Ramp",
        ),
    ] {
        assert_eq!(addresses(text), [expected], "{text}");
    }
    for text in [
        "moved to Rack 12 Zone B, located at Line 12 Column 4",
        "delivered to Queue 5 Priority High, shipped to Region 2",
        "address family 10 not supported, address space 12 Blue",
        "deliver to Kafka Topic 3 Partition 7",
        "3 Retry Loops Running Close Handler, 12 Data Points Square Error 0.5",
        "5 Place Holders Left, Step 4 Build Court Mount Place",
        "Level 3 Alert Street View API quota",
        "Copyright 2009, 2010, 2011 Somebody",
    ] {
        assert!(addresses(text).is_empty(), "{text}: {:?}", addresses(text));
    }
}

#[test]
fn numbers_beside_words_of_logs_are_no_addresses() {
    for text in [
        "took 467 ms for 3 Requests in Way",
        "5 Failed Login Attempts",
        "worker 12 Running Task Loop",
        "Step 3 Build Drive Mount Failed",
        "address=\"0.0.0.0:8080\" addr=127.0.0.1:53 address already in use",
        "2026-11-28 10:11:12 INFO Http Server Listening",
        "Job 7 Retry Pass",
        "Via 10 hops, Route 53 Health Check",
        "address=\"localhost port 80\"",
        "email_address=\"none given\"",
    ] {
        assert!(addresses(text).is_empty(), "{text}: {:?}", addresses(text));
    }
}

#[test]
fn flats_towns_and_codes_behind_a_number_make_an_address() {
    for (text, expected) in [
        (
            "Adresse: 128, 2nd Cross, Pune 793746 unbekannt",
            "128, 2nd Cross, Pune 793746",
        ),
        (
            "lives at Wexbányai tér 194., H-3683 Wexhida",
            "Wexbányai tér 194., H-3683 Wexhida",
        ),
        (
            "at Rua Augusta, 354 - Bela Vista, Rio de Janeiro - RJ, 43546-488",
            "Rua Augusta, 354 - Bela Vista, Rio de Janeiro - RJ, 43546-488",
        ),
        (
            "call a taxi to 692 Kuuse 53 Apt. 641",
            "692 Kuuse 53 Apt. 641",
        ),
        (
            "it is 5638 Aasa 43\n Suite 12 now",
            "5638 Aasa 43\n Suite 12",
        ),
        (
            "sent to 17151 2450 Crown Street today",
            "17151 2450 Crown Street",
        ),
        (
            "could not be made at 184, Anna Salai, Wexpur 426249: nobody",
            "184, Anna Salai, Wexpur 426249",
        ),
    ] {
        assert_eq!(addresses(text), [expected], "{text}");
    }
    for text in ["Test 12 Suite passed", "Ran Smoke 3 suite twice"] {
        assert!(addresses(text).is_empty(), "{text}: {:?}", addresses(text));
    }
}
