//! More given names of many languages, K to Z, lowercase, without accents. Written down from general knowledge.

/// Names that are hardly ever anything else.
pub(super) const GIVEN: &str = "
kaan kaarina kaarlo kacey kaci kacie kacper kaden kader kadin kadir kadri kadriye kaela kagan kagiso kaie kaija kaila kailash
kaiming kaique kairat kais kaisa kaisu kaitlyn kaj kaja kajetan kale kaleb kalervo kalev kali kalie kalina kalliopi kalpana
kalyani kalyn kamaria kamau kamel kami kamil kamilla kamla kamlesh kamola kana kanako kanat kanchan kandace kandi kandy
kangmin kanika kanya kaoru kapil kara karam kare kareem karena karie karine karissa karl-erik karl-heinz karlene karlheinz
karlijn karlis karly karol karoline karolis karoly karolyn karon karrie karson karsyn kartik kartika kartini karyn kasandra
kasey kasia kasiyah kasjan kason kaspar kaspars kassandra kassem kassidy kassie kasumi kata katell katelyn kateri kathaleen
katharine katheryn kathi kathie kathlyn kathrin kathryne kathyrn katica katinka katlego katlyn katri katrine katsumi katsuo
katy kauko kaushik kaveh kavya kawthar kaycee kayden kaye kaylee kayleigh kaylin kazim kazimir kazumi kazuya kazys keabetswe
keaton keegan keely keenan kees keesha keira keisha keita keld kellan kellen kelli kellie kelsey kelsi ken kenan kendal
kendall kendrick kenna kennet kenth kenyon kenzie kenzo keon keren keri kerim kerri kerrie kersti kerttu kesha keshav keshawn
kestutis ketevan ketil kettil keyon keyvan khadijah khai khalifa khanyisile khawla khloe khoa khosrow khue khulood khumbulani
khushi kiana kianoush kien kiersten kiia kilian kimber kimberlee kimberley kimberlyn kimi kimiko kimmie kingston kinley
kinsley kip kipkemboi kiprop kira kirill kirk kirsi kirsty kirti kisha kishore kit kitti kittisak kivanc kiyoko kjartan kjeld
kjellaug kjerstin kjetil klaas klas klaudia klaudiusz klaus-dieter klavdia klemen klemens klement knox knut kobi koen kofo
kohei kohen koji koksal kolbrun kolby kolton komal konner konny konstancja konstantina konstanty konstanze koray korbinian
korey kori korkut kornel kornelia korneliusz kory kostas kosti kosuke kotaro kourtney kreetta kresimir krijn kris krissy
krista kristal kristan kristaps kristel krister kristi kristie kristijan kristine kristjan kristjana kristo kristofer
kristoffer kristy kriti krysta krystal krystian krystiana krystle krystyn ksawery ksenia ksenija ksusha kuba kubra kudzai
kuldeep kullervo kulli kunal kunigunde kuno kurnia kursat kurtis kusum kvetoslava kvetuse kwadwo kwaku kwang kwasi kwesi kyla
kyleigh kyler kylie kyllikki kynlee kyosti kyosuke kyriaki kyriakos kyungsoo lachlan lacy ladan ladislao ladislava ladonna
laercio laetitia lage laila laima laimonas laine lajos lakeisha lakesha lakisha lale laleh lalit lalita lam lama lamai lamar
lambert lamberto lambros lamia lamine lamont lana landen lando landon landry landyn lane lanette lanny laoise lara larae
laraine laras larisa laron laronda lasha lashonda lasse latanya latasha latif latonya latosha lauha laurane laureano laureen
laureline laurens laurentiu lauretta lauri laurindo laurine laurits laurynas laust lavi lawanda lawson lazar laziz lazzaro
leandra leandre leann leanna leanne lech leea leeann leela leendert leevi lehel leigh leigha leikny leilani leire leisa lejla
lela leland lelia leman lembit lempi lemuel lene lenka lenni lennox lenny lenora leocadia leokadia leola leonarda leonce
leoncio leonel leonhard leonidas leontine leopoldine leopoldo leora leos lesedi leslaw lessie lester leszek letha lethabo
letitia lettice lettie lev levan levent levi lexi lexie lexus leyli lia liadan liane liat libby liberto liberty libor libuse
licia lidiane lidiya lieke lies liesbeth liesel lieve lieven liga lihua lii liina liis liisa lijuan lilah lili lilia liling
lilit lilja lilla lillemor lillia lillie lilou limor linas lincoln lindani lindy line linette linneo lino lintang linwood lior
liora liqin lis lisandro lisbet lise liselotte lisette lissa lito liv liviu liza lizzie ljerka ljubica ljubomir llewelyn
llinos loane loc lochlan loek loes logan lois lojze lokesh londyn lone long loni lonnie lope lora loraine lorant lorcan lore
loredana lorella lorenz lorenza loreta loreto lorette lorie lorin lorinc lorinda loris lorretta lorri lorrie lotta lotte
lottie lou loubna louella louie louis-marie louison loukas lovisa lovre lovro lowri loyd luan luann luanne lubomir lubomira
lubos lucette luchino lucian lucienne lucija lucila lucile lucineide lucja lucjan lucrecia lucretia ludek ludivine ludmyla
ludvik ludwik ludwika luella luhung luigina luise luisella lujain lujza lukman luksa lula luminita lumir lungile luningning
lupe lurleen lusine lutfi luther luuk luukas luz luzia lwazi ly lydie lyla lyle lyman lynda lyndon lyndsay lyndsey lynelle
lynette lynne lynnette lynsey lyric lyubov lyudmila maaike maarit maarja maarten maartje maayan mabelle macaire macarena
macario machteld maci macie maciek mack mackenzie macy madalin madalina madalyn maddison maddox madelief madelyn madge madhav
madhavi madhur madina madis maelle maelys maeve mafalda magalie magdalini magdolna maggie magne magnea magnhild mahaut mahavir
mahendra maher mahin mahir mahmood mahmut mahnaz mahsa mahtab maija maike mairead mairi mairwen maisa mait maite maj maj-britt
majda majed makary makayla makena maki makis maksim maksym maksymilian mala malachi malaika malak malati malee malene malia
malin malini maliyah malle malo malte malthe malwina maman mami mamie mamta mamuka manabu manan manana manar manav mandeep
mandi mandisa manee manfredo mangala mangesh manijeh manja manju manjunath manole manolis manolo mans mansour mantas mara
maranda marat marc-antoine marcantonio marceau marcelin marcelina marcell marcelle marcellus marcial marcjanna marcy mare
marek maren marfa marga margareta margarethe margarett margarida margaritis margaryta margaud marge margert margery margie
margit margo margret margrethe margunn margus mari maria-luise mariagrazia mariami marian mariane mariann mariano maribeth
maricica maricruz marie-christine marie-claude marie-france marie-helene marie-jeanne marie-louise marie-therese mariel
marietta mariette marijan marijana marijke marike mariko marilee marilena marilia marilou marin marine marinela marinella
marinko marioara mariola marios maris marisela marissa maristela marites maritza marivic mariya marjan marjana marjeta
marjolaine marjolein marketa markita marla marlana marleen marlen marlena marley marlies marlys marmaduke marna marni marnie
maros marquez marquis marquise marquita marshawn mart marte marten martie martins martirio marton marty maruja marva marwan
marya maryalice maryann marybeth maryellen maryjane maryline marylou maryna maryse maryvonne masahiro masaki masao masaru
masego masoud matan mate matei mateja matevz matheus mathis mathurin matko matous mats matthes matthijs mattie mattis matus
matvey matyas matylda maud mauno maura mauri maurycy maverick mavis maxence maxie maximiliane maximiliano maximilien maximino
maximus maxine maxwell mayada mayank maybelle mayra maysa maysoon mayur mazhar mbali mckayla mckenna mckinley meaghan
mechthild meelis meenakshi meeri mees meg mega megha megumi mehran mehrdad mehtap meihua meike meinhard meir melahat melaine
melania melany melba melchor melda melike melina melis melisa melisande melker melodie melony meltem melusine melva memphis
menachem mendel mendy mengyao menna menno merav mercedita merche merel merete meri merike merilyn merlin merrill merry mert
mervat mervi mervin mervyn meryl mesbah messiah mesut metin metod mevlut micah michail michalina micheal michelangelo michi
michiel mickael midori mieczyslaw mien mieszko mignon miguela mihael mihail mihaita mihaly mihela mihir mihkel mihnea mihovil
miia miina mijo mikayla mikio mikk mikkel mikolaj mikulas mila milada milagros milanka milene miley milind milja miljenko
milka milla millard millicent millie milo milomir milorad miloslav miloslava milosz milton miluse milutin milvi minal
mindaugas mindi mindy minerva minghui mingming minhyuk minnie minoo minseok minttu miral miran mircea mirco mireia mirek
mirella miri mirja mirjam mirjana mirko miro miron mirona miroslava miroslaw miroslawa mirte mirthe mirva misato miska misook
missie missy mitali mitch mitchel mithat mitica mitja mitra mitsuko mitsuru miwa miyako miyuki mladen moa moacir moataz moaz
modesto moein mogens mohsen moises mojca mojgan mollie molly momir momoka monalisa mongkol monserrat montague monther
montserrat monty moonika mor morag moran mordecai mordechai morena morgan morris morteza mortimer morwenna moshe mosi mpho
mridula mthunzi mualla muath mucahit mufid muge muhannad muharrem muhsin muireann mujde mukaddes mukhtar mukul mukund mulyono
mumbi munevver munir munira murad murali murathan murdo murray musa musab muslim mustofa mutia muzaffer mwende my myfanwy
mykhailo mykola mykyta myles myra myriah myrna myron myrtille naama nabeel nabila nace nadav nadege nader nadezda nadezhda
nadir nadzieja nae naftali nagesh naglaa nagwa nahed nahid nahla naim naina nair najat naji najib najla najwa nakia nalan
nalani namita nan nanang nanci nandi nandipha nandita nandor nanette nanna nanni nannie nanny naoise naoya narayan narcis
narcisa narciso narek narendra nargiza nari narin narong nash nasim nasreen nasrin nasser nastaran nastya natale natalee
natalya natanael natasa natasza nathalia nathanael natia natividad natsuki natsumi nattapong nattaya navid navin nawaf nayara
nayef nayeli naz nazan nazanin nazar nazaret nazario nazih nazim nazli nebojsa necati nechama nechifor necla necmettin ned
neda nedeljko nedim neelam neelima neeta nehemiah neide nejc nektarios nela nelda nele nelida nell nellie nelu nenita neo
nereida nerijus nerina nermin nerys neslihan nesrin nesta nestore nete nettie neusa neva nevada nevaeh neven nevena neville
nevin nevzat neza nezihe nga nghia nhan nhi nhu niall nicaise nicanor nicasio nichapa nichifor nicholai nickie nickolas
nicoara nicodim nicolae nicolasa nicoleta nicolette nicolo nicu niculae niculina nicusor nidal nidhi niek nienke nieves nigel
nihad nihal nihat niilo niina nijole nika niki nikica nikki niko nikodem nikolaus nikolay nikolina nikoline nikos nilay nilda
nilesh nilgun nille niloofar nilton nilufer nimish nine ningsih nino ninon nir niraj niran nirmal nirmala nishant nishi
nisreen nisse nissim nita nitya niyazi njal nkosana nkosi noa noam noble noboru nobu nobuhle nobuo nodar nodir noe noelani
noemia noemie noha noi noirin nokuthula nola noli noluthando nolwenn nomsa nomthandazo nona nong nonhlanhla nonica nonoy nonso
noora noortje norah norberto noreen norene noriaki norica norris nosipho notburga nothando nour novi nozipho nthabiseng ntombi
nuala nugraha nuha numan nuncia nune nunzia nupur nur nurcan nurgul nurhan nurit nurlan nursel nursultan nurten nurul nyah
nyambura nyasha nyla oakley oana oanh obaid oceane octav octave octavian octavius odair odd oddbjorn oddny oddrun oddur oddvar
odell odessa odeta odile odilon odin odion odis odo odon odysseas ofelia ofer ofir ofra ogden oghenekaro ognjen oguz oguzhan
oisin okechukwu oksana oktaviani oktay olabisi oladele olafur olalla olavi olayinka olcay oldrich oldriska olea olegario
oleksandra oleksiy olesya olgierd olha olimpia olimpiu olin oline olive olivera olivio oliwia oliwier olle olli ollie olof
oluf olufemi olusegun olympe olympia oma omer omid omkar omnia omolara omotola onder ondine oneida oni onnapa onni onno onofre
onyekachi oonagh opal ophelia ora orazio orcun oren orest oreste orestis orhan oriana oriane orianne oriol orion orit orjan
orla ornella ors orsolya ortrud ortwin orval orvar orville osama osamu osian oskars osmo osnat ostap osten osvaldo oswin
otabek otakar otar otavio othman otilia otmar oton otso ottavia ottavio ottmar ottoline ottone otylia ove ovidiu owain oya
oyelaran oyku ozcan ozden ozgun ozgur paavo paca paco pacome padmini padraic padraig paisley paivi pal palesa palma panagiota
panagiotis panayiotis panfilo panida pankraz panna pansy paquita par parag paramita paramjit paras paraskevi paresh paride
parul parviz pascaline pascual pasquale pastora pat patience patrica patrizia patrizio patrocinio patrycjusz patsy pattama
patti pattie pauletta paulette pauliina paulinha pavan pavao pavla pavle pavlina pavlo pavlos paxton payton paz pearlie peder
peep peeter peg pegah peiyu pekko pelin pelle pellegrino penny pentti pepe pepijn pepita perceval percival peregrine perica
perihan perla perlita pernilla pernille perpetua perry persefoni persephone pertti peteris petre petri petrica petronela
petros petru petrut petter petteri peyman peyton phat phichit philibert philippine philomene phineas phong phuc phylis pichai
piera pierce piergiorgio pierina pierluigi piero pierpaolo pierrick piers piet pieter pietra piia pim pina pinchas pinja pinky
piper piret pirkko piroska piyush placide placido plinio ploy pola polat polina polly polona polonca polyxeni pompeo pompiliu
poncio poonam poppy porfirio porter portia poul pouya povilas prabha prabhat pradnya prafulla pragya prajakta pramod pranata
pranee pranjal prasert prasetyo prashant prateek pratibha pratima praveen preben precious predrag preecha preethi prem premysl
prerna presley priit primitivo primoz priscila pritesh prithvi priti prodromos proinsias prosper prudence prudencia prudencio
przemyslaw puccio puji puk purnama purnima purwanto pushpa puspa putra pyotr qais qasim qiuyue queenie quincy quinley quintin
quinton quique quirine quirino quitterie quyen quyet rabab rabih rachana rachna radana rade radhika radim radmila radomir
radoslav radoslaw radovan radwan rae raed raekwon raelynn raffaela raffaele raffaella raffaello rafferty rafi rafiki raghad
raghu ragnheidur ragnvald rahaf rahayu rahma rahmat rahmi raihan raija raili raimo raimondas raimondo raimonds raimunda
raimundo raina raine raisa raitis raivis raivo raja rajab rajat rajeev rajendra rajeshwari rajko rajmund rajni raluca ramadan
ramakrishna raman ramazan rameshwar ramil ramin ramiro ramunas ramzi randa randal randall randi rando randy rangvald ranjan
ranjana ranko raoul raphaelle rares rasa rashad rashaun rashed rashmi rasim rasmus rastislav ratan ratko ratna rattana rauha
rauni raven ravindra ravit rawan ray raya raylan raymonde rayna razan razvan reagan reanna reanne reba rebeca rebeka recep
reda reece reelika reese reet reeta refik refilwe refugio regan reggie reginaldo reginia rehab rei reid reidar reidun reijo
reilly reima rein reina reinaldo reiner reinhild reinhilde reinier reino rejane remedios remi remigio remigiusz remington
remus remy remzi ren renae renan renaud renske renzo reshma restu resul reta rethabile retta reut revathi rex reyes reyhan
reyna reynaldo reynaud reynold reza rezso rhea rhett rhianna rhiannon rhoda rhodri rhona rhonda rhys rianne riccarda richarde
rick rickard ricki rickie ricky rico ridge ridvan rie rigmor rigoberto riham rihards riho riikka riina rik rikhard rikke
rikuto rimantas rimas rimma rin rini rinus rishabh rishi risto ritesh ritika rivaldo river rivka riza rizal rizki roald roar
robbie robbin robby robertina robertine roberts robt rocco rochel rochelle rocky rodel rodelio roderich rodica rodion rodolphe
rodrick rodrigue roel roelof rogelio rohini roi roine roisin roksana rolande rolv romana romane romaric romeo romeu romica
romolo romualdo romulo rona ronaldo ronda ronen roni ronit ronna ronnie ronny roope roosevelt roque rory rosalba rosalina
rosalyn rosana rosangela rosann rosanne rosaria rosauro roscoe roseann roseline rosella roselyn roselyne rosemonde rosendo
rosetta roshan roshni rosina roslyn rossana rostislav rosy rotem rowaida rowan rowena roxann roxelana roxie roxy roya roza
rozalia rozalija rozle ruairi ruaridh ruby ruchi ruchika rudi rudiger rudo rudy ruel rufina rufino rufus ruggero ruggiero
ruixue ruken rukhsana rula runa runar rune rupa rupali ruperto ruprecht rusdi ruslan ruslana rustam rustem rusudan ruta rute
rutger ruthann ruthie ruud ruxandra ruya ruzanna ruzena ruzica ryker rylan rylee rylie ryohei ryoko ryosuke ryszard rytis
ryuichi saad saadia saana saar saara sabah sabas sabatino sabin sabra sabri sabriye sacha sadegh sadhana sadhbh sadie sadik
sadina sadiq saeed saeid saevar safa saffron safiye safwan sagar sage sagi sahil sahin saige saija saila saimi sajid sajjad
saki sakiko saku salahuddin saleem saleh salem salete salina salli sallie sally sallyann salomon salsabila salvacion salvator
salvatora samah samaneh samanta samara samarth samatha sameer samia samiha samiksha sammie sampath sampson samson samuli
samvel sanaz sancho sanda sander sandhya sandis sandu sanford sang sanghoon sangita sangmin sani sanita sanja sanjiv sankalp
sanne santa sante santeri santi santina santino santo santosh santtu sanzhar saori saowapa sapna sapto sardor sargis sarhan
sariah sarojini sarolta sarp sasa saskia satish satomi satu saturnina saturnino satya satyam saud saule saulius saulo saundra
savanna saverio saveta savina savita savva sawyer sayaka sayuri seamus sebastiana sebastiao sebastion seda sedat seema sefa
sefako segismundo segolene sehriban seiichi seija sejal sekai sekip selami selcuk seldag selina selja semaj semih semra semyon
senem senja senol seonghyun sepideh serafina serap seraphin seraphine serban sercan serdar sergiu sergius serhat serhiy serife
serik serina serpil servac servane setsuko sevda seve sever severe severiano severino sevil sevim sevinc sevki sevval seweryn
seyit seyma sezen sezer sezgin shabana shae shahd shahin shahira shahram shai shailesh shaimaa shaina shakuntala shalom shalva
shamar shameka shana shanda shani shanna shanon shanta shantel shanthi shaohua shapour shaquille shara sharad shari sharif
sharla sharlene sharmila sharron shashank shashi shaul shaunna shavkat shavon shawn shawna shawnda shayla shayne shazia sheena
sheetal shekhar shelia shelley shellie shelton shena shenika sheri sheridan sherie sherif sherilyn sherine sherman sherri
sherrie sherwood sheryl sherzod shikha shimon shin shinobu shinta shinya shiori shira shiran shireen shirin shiro shital
shivam shizuko shlomi shlomit shlomo shmuel shobha shoichi shon shona shonda shonna shoshana shraddha shridhar shubham shufen
shuhei shuhui shukhrat shun shuzhen shyam siamak sian sibusiso siddhi sidney sidonie siebren sieglinde siegmar siegmund siem
sien sierra sietske sifiso sigal sigbjorn sigfrid sigge sigita sigitas sigmund signe signy sigridur sigrun sigurd sigurdur
sigurjon sigvard siham siiri silje silva silvania silvano silvester silvestre silvie silviu sima simao simba simeon simina
simion simonas simonetta simran sinan sinead sinethemba sini sinica sinisa sinta sintija sioned siphokazi siranush sirichai
sirikit sirio sirje sirkka sirma sirpa siska sisko sissel sitaram sithembile siv siw sixten sixtine siyabonga sjaak sjoerd
sjors skaiste skip skye skylar skyler slaven slavko slawomir slawomira sloane slobodan slobodanka smadar smaranda smiljana
snaebjorn snefrid snehal snezhana snjezana snorre snorri sofronio sofyan soha sohan sohee soheila sohrab soile sointu soizic
sol solbjorg soledad solene solfrid soline solomiya solomon solrun solvei solvi somboon somchai sompong somsak somto son sona
sonali sondra sondre soner songul sonke sonny soobin sophronia soraya sorcha sorin sorina soroush sosimo sotiria sotirios
sotiris soumya spela spomenka spyridon spyros srdjan srecko sridevi srinath sriram stacia stacie staffan stamatis stan stane
stanislava stanislawa stanka stanko stanton starla stavros steen stef stefani stefanita steffen steffi stefka steinar steinunn
stelian steliana stelios stellan stelvio stepan stephaine stephani stephania stephany sterling sterre stevan stevie stian stig
stijn stine stipe stjepan stormy struan sturla stylianos suat subash subramaniam suchitra suci suda sudeep sudhir sue sueann
sueli suha suhaib suhas sujay sukanya sukma sukru sulaiman sulastri suleiman sulekha sulema sulev sulevi suleyman sullivan
sulo sultan sumaya sumedha sumitra summer suna suncica sundar sune suneeta sunghoon sungmin sunisa sunna suong supaporn
suparman supri supriya suraj surasak surbhi surendra suri surya suryono susanita susann susannah susanti sushant sushil susse
susumu susy suus suvi suwan suzan suzana suzann suzanna suzette suzi svanhild svanhvit svante svatava svatopluk svatoslav
svein sveinung svend sverker svetozar svitlana swantje swapnil swarna syahrini sydnee sydney sylvaine sylve sylvestre sylvette
sylwester sylwia sylwiusz synne synnove szabina szabolcs szandra szczepan szczesny szilard szilveszter szilvia szonja szymon
taavi tabatha tabetha tadao tadas tadeas tadej tadeo tadeu tadhg taehyung taeyang tafadzwa tage taha tahira tahsin taichi
taiki taimi taina tainara taisiya taisto takahiro takako takao takuma takumi talal talat talon talya tam tamala tamar tamari
tamatha tameka tamer tamera tamerlan tami tamica tamie tamiko tamim tammi tammie tammy tamra tamuna tan tanasije tancrede
tancredi taneka tanel tanguy tanisha tanju tanmay tanna tanner tansu tanuja tanushree taonga tapiwa taraneh taras tarcisio
tarek tareq tarik tarja tarjei tarkan tarmo taro tarquin tarra tarun tarvo taryn tasha tasneem tassilo tate tatenda tatianna
tatsuo tatsuya tatu tatum tatyana taufik tauno tavion tawanna tawny tawnya tayfun taylan tea teagan teddy tegan tegwen
telemaco telesphore telma temel temidayo tena tendai tengiz tennille teo teodor teodora teodoro teodosio teofil teofila
teofilo tera terese terez tereza teri terica tero terra terrance terrell terresa terrie teruo tessie tetsuo tetsuya teun
teunis tevfik thabiso thach thad thaddeus thais thaksin thales thamer thanapon thanasis thandeka thang thanos tharald thato
theda thelma themis theo theodoros theodule theofilos theola theophane theophile theotime theron thibaud thibaut thien thijmen
thijs thilo thinh thiphaine tho thokozani thomais thomasina thong thor thora thorben thorbjorg thorbjorn thordur thorgeir
thorhallur thorir thorleif thorsteinn thorunn thuan thulani thure thurman tia tiberio tiberiu tiburce tiburcio tiera tiffani
tiffanie tiffiny tigran tihamer tihana tihomir tiia tiina tiit tijen tijmen tijn till tillie tilly tilman tilo timea timmy
timofey timon timothee timucin tin tinashe tingting tinja tinley tinna tiny tiphaine tiril tisha titas titia titin tito titus
tivadar tiwa tiziana tiziano tjasa toan tobi tobiasz tobie tobin toccara toine toivo tola tolgahan tollef tom toma tomasa
tomek tomeka tomer tomi tomislav tommaso tommie tommy tomohiro tomos tona tone tonia tonie tonis tonja tonya toomas toon tor
torbjorg torbjorn tord tordis torfinn torgeir torgunn toribio torill torkel torleif tormod torquato torrie torstein torsten
toru torunn torvald tory toshia toshio toussaint tova tovah towanda trace tracee traci tracie traian tram tranquilino trausti
travion travis travon tressa treva trey treyvon tri tricia triin trijntje trina trine trini trinidad trinity trish trisha
tristen tristian tristram troels trond trude truls trung trystan tshepo tsutomu tsuyoshi tu tucker tudor tudora tudorel tugay
tugce tuija tula tulay tulin tullia tullio tumelo tuncer tuomo tuong turan turgay turgut turhan turlough turner tushar tuukka
tuva tvrtko twan twanna twila twyla ty tymon tymoteusz tyra tyree tyrell tyrese tyson tytti tytus tyyne tzipi ubaid ubaldo
uberto ubon uchenna uday udo ufuk ugne ugochi ugolino ujjwal uku ula ulas ulderico uldis ulf ulises ulku ulla ulla-britt ulle
ulli ulrico ulrik ultan ulugbek ulvi ulysse umang umar umeko umi ummuhan umran una unal undine unni unnur unto upendra urbain
urban urbano urho uri uriah uriel urmas urmila uros urpo ursa ursel urska urszula urvashi urve usko utami utkarsh utku uttam
uwakwe vaclava vadim vagn vahan vahid vahur vaia vaibhav vaida vaike vakhtang valarie valborg valdas valdemar valdimar valdir
valdis valentim valentine valentyna valere valeriano valeriu valery valfrid valgerdur valters valtteri vance vanda vandana
vanesa vani vanita vanja vanni vardan varsha varvara vasant vasco vasile vasilica vasiliki vasilios vasilisa vassilis vasudev
vasudha vasyl vaughn vavrinec vazgen vazul vebjorn veda vedika vedrana veena veera veerle veeti vegard veijo veikko veiko veit
velda veli velimir veljko vellamo vello velma velvet venancio venceslas vendel vendela venessa veniamin venita venkatesan
venke venla vennie ventura verda verity verla verlie verna vernell versie vesa vesela vesta veta veysel viacheslav vianney
vibeke vibha vicenta vicentiu vichai vickie victoire victorine victorino vid vida vidas vide vidhi viera viesturs vigdis viggo
vihaan viive viivi vija vijaya vijayalakshmi vikas viki viking vikki vilem vilhelm vilhjalmur vilho vilija vilja viljami
villads vilmos vilppu vimala vina vinayak vince vincenza vineet vineeta vinh vinicius vinko vino vinzenz violaine violet
violette viorel viorela viorica vipin vipul virag viraj virendra virgie virgil virgile virgilio virgina virginia virginija
vishakha vishwanath visitacion visnja vit vita vitale vitaliy vitezslav vitor vitoria viva viveka vivi vivian viviane
vjekoslav vlad vladan vladimira vladislav vladislava vladlena vlado vladut vlasta vlastimil vlastimila vlatka voichita voitto
vojislav volkmar volodymyra von vonda vonnie vratislav vsevolod vuk vusi vy vyacheslav vytautas vytenis waclaw wadih wafaa
wagner wahyudi wairimu wajdi walaa walburga waldemar waldo walentyna waleria wally walmir walton waltraut wambui wanchai
wanderley wangui wanja washington wasim wataru wattana wawan waylon weidong weimin wenbin wenche wencke wendelin wendell
wendie wenjie wenona wenqing wenzel weronika wes weston whitney wibke wichai widya wiebe wiebke wieke wieland wies wieslaw
wigbert wiktor wiktoria wilbert wilbur wilburn wilda wilder wiley wilford wilfredo wilfried willa willard willeke williams
willis willodean wilmer wilson wilton wiltrud wim wincenty windy winford winfred winnie winona witold wladyslaw wladyslawa
wlodzimierz wojtek wolf-dieter wolfram woodrow woojin woutera wubbo wulan wyatt wynell wynona xander xaver xavi xaviere xenia
xenie xenofon xiaodong xiaofeng xiaohong xiaoli xiaolong xiaomei xiaoyan ximena xinyi xiomara xiulan xiuli xiumei xueqin
xzavier yaakov yaakova yadiel yadira yagmur yago yajaira yakup yalcin yalin yaman yamato yamini yana yani yanling yanmei
yaping yaprak yaqoub yaron yaroslav yaroslava yasaman yashwant yasir yasser yasuhiro yasuo yayan yazan yefim yegor yehuda
yehudit yeji yejide yekaterina yelda yelena yeliz yelizaveta yeongho yerlan yesenia yesim yessenia yessi yetkin yetta yevgeni
yevgenia yevhen yewande yichen yigal yigit yildiray yilmaz yiming yingluck yingying yitzhak ylva yngve yngvild yoann yoav
yochanan yoel yoga yogesh yogita yolande yolonda yonatan yonca yoojin yoona yosep yoshi yoshie yoshihiro yoshio yossi youngjae
ype yrsa ysaline yseult yuanyuan yuchen yudi yufei yui yuji yujin yuka yukari yukio yulan yulian yuliana yulianti yuliya yuma
yumei yumeko yunfei yuni yunus yurdagul yurie yuriko yuriy yusra yusuke yuta yuting yuu yuvraj yuxin yvan yvon yvonnick
zacarias zachariah zacharie zachery zack zackary zafer zaheer zaida zaiden zainabu zaira zaire zakaria zakariya zakhar zala
zalan zalman zamfir zamfira zander zandile zandra zane zaneta zara zari zaria zarina zaruhi zavier zayden zayed zayn zaza
zbyszek zdenka zdeno zdislava zdravka zdravko zdzislaw zeev zehava zehra zeina zeke zekeriya zelia zelie zeliha zeljka zeljko
zelma zena zenaida zeno zenon zenta zephirin zerrin zetta zexin zhaleh zhanar zhanna zhenyu zhigang zhihao zhiming zhiqiang
ziemowit ziga zigmars zihao zilda zilvinas zinaida zinovy zion zipporah zisis zita ziv zivile zivko zlata zlatan zlatica
zlatko zoard zodwa zoey zofie zohreh zoi zoila zona zoraida zoran zorana zsanett zselyke zsigmond zsofi zsombor zsuzsa zsuzsi
zuberi zubeyde zuhair zuhal zukiswa zula zulfa zulfiya zulkifli zumra zurab zuzanna zvi zvone zvonimir zygfryd zygmunt zyta
";
