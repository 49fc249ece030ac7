use super::super::Detector;
use super::super::tests::kinds;

#[test]
fn passwords_of_command_lines_are_known_by_their_program_and_flag() {
    for (text, expected) in [
        ("mysqldump -u root -pS3same shop", "PASSWORD S3same"),
        ("az login -u ada -p S3same", "PASSWORD S3same"),
        ("twine upload -p S3same dist/x", "PASSWORD S3same"),
        ("docker login -u ci -p S3same", "PASSWORD S3same"),
        ("oc login -u ada -p S3same", "PASSWORD S3same"),
        ("mongodump -h ssh -u ada -p S3same", "PASSWORD S3same"),
        ("redis-cli -h mongo -a S3same ping", "PASSWORD S3same"),
        ("cd /srv; mysql -u root -pS3same", "PASSWORD S3same"),
        ("mysql -e \"show tables;\" -pS3same", "PASSWORD S3same"),
        ("kubectl exec db -- mysql -pS3same", "PASSWORD S3same"),
        ("/usr/bin/mysql -pS3same/x", "PASSWORD S3same/x"),
        ("7z x -pS3same a.7z", "PASSWORD S3same"),
        ("zip -r -P S3same out.zip dir", "PASSWORD S3same"),
        ("sqlcmd -S db -U sa -P S3same", "PASSWORD S3same"),
        ("mosquitto_pub -u dev -P S3same -t x", "PASSWORD S3same"),
        ("ldapsearch -D cn=admin -w S3same", "PASSWORD S3same"),
        ("snmpget -v2c -c S3same host 1.3", "PASSWORD S3same"),
        ("plink.exe -ssh a@b -pw S3same ls", "PASSWORD S3same"),
        ("ssh-keygen -t rsa -N 'S3same'", "PASSWORD S3same"),
        ("smbclient //nas/x -U ada%S3same", "PASSWORD S3same"),
        ("beeline -u jdbc:hive2://h/x -p S3same", "PASSWORD S3same"),
        ("rabbitmqctl add_user shop S3same", "PASSWORD S3same"),
        ("htpasswd -b /etc/nginx/users ada S3same", "PASSWORD S3same"),
        ("wpa_passphrase Lobby S3same99", "PASSWORD S3same99"),
        ("net user ada S3same! /add", "PASSWORD S3same!"),
        (
            "ConvertTo-SecureString \"S3same\" -AsPlainText",
            "PASSWORD S3same",
        ),
        ("keytool -storepass S3same12 -list", "SECRET S3same12"),
        ("redis-cli -h cache -a S3same ping", "PASSWORD S3same"),
        (
            "echo \"S3same99\" | docker login -u ci --password-stdin",
            "PASSWORD S3same99",
        ),
        (
            "+ echo S3same99 | sudo -S systemctl stop web",
            "PASSWORD S3same99",
        ),
        ("printf '%s' S3same99 | kinit ada", "PASSWORD S3same99"),
        ("echo 'ada:S3same99' | chpasswd", "PASSWORD S3same99"),
        ("sudo -S whoami <<< 'S3same 99'", "PASSWORD S3same 99"),
        ("sqlplus -s scott/S3same@ORCL @x.sql", "PASSWORD S3same"),
        ("expdp userid=scott/S3same@db full=y", "PASSWORD S3same"),
        (
            "jdbc:oracle:thin:scott/S3same@//db:1521/X",
            "PASSWORD S3same",
        ),
    ] {
        assert_eq!(kinds(text), [expected], "{text}");
    }
}

#[test]
fn flags_of_other_programs_are_left() {
    for text in [
        "docker run -p 8080:80 web",
        "ssh -p 2222 host",
        "grep -c error app.log",
        "ps -p 4242 -o rss",
        "cp -P source target",
        "net user list shown",
        "python -c print -w 80",
        "helm install -n prod web",
        "cf push web -p target/web.jar",
        "docker exec mongo mkdir -p /data/db",
        "docker exec mongo sh -c 'ls'; ssh -p 2222 host",
        "mongodump --gzip && nginx -p prefix",
        "mongosh | tee -p errors",
        "mongo -p ./conf",
        "oc process -p IMAGE_TAG=1.2.3",
        "az webapp create -p myplan",
        "ibmcloud ks cluster -p plan42",
        "telnet user root sw-core-01",
        "beeline -u jdbc:hive2://hive:10000/default -n etl",
        "echo \"$TOKEN\" | docker login --password-stdin",
        "echo done | tee out.log, echo x || sudo -S true",
        "sqlplus / as sysdba @patches/fix.sql",
        "sqlplus -s @scripts/x.sql, jdbc:oracle:thin:@//db:1521/X",
    ] {
        assert!(kinds(text).is_empty(), "{text}: {:?}", kinds(text));
    }
}

#[test]
fn flags_inside_one_long_word_cost_no_more_than_its_length() {
    let shortest = |body: &str| {
        let time = || {
            let begun = std::time::Instant::now();
            super::find(body, &mut Vec::new());
            begun.elapsed()
        };
        (0..5).map(|_| time()).min().unwrap()
    };
    for piece in ["(--user=a", "(mysql(-px", "(--user=-a", "(curl(-uadaé"] {
        let body = |bytes: usize| piece.repeat(bytes / piece.len());
        let (small, large) = (shortest(&body(64 << 10)), shortest(&body(256 << 10)));
        let microsecond = std::time::Duration::from_micros(1);
        assert!(
            large < 8 * small.max(microsecond),
            "{piece}: {small:?} and {large:?}"
        );
        Detector::new().find(&body(1 << 20));
    }
}
