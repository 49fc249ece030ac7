//! Family names of many languages, lowercase, without accents. Written down from general knowledge; complete it never is.

/// Names that are hardly ever anything else.
pub(super) const FAMILY: &str = "
aalto abbas abbott abdi abdullah abe abebe aboagye abreu abubakar acevedo achterberg acosta adams adamski addison adebayo
adeleke adeyemi adeyinka agarwal aguilar aguirre ahmad ahmed ahn aikawa akhtar akpan alam albrecht alcantara alexandrou
alfonso ali allen almeida alonso alvarado alvarez amari amoah amundsen anand andersen anderson andersson andrade andreev
andrews andrzejewski ansah anselm antonov aoki appiah aquino aragon araujo arbuckle arce arellano arias arnaud arora arroyo
asante ashby ashworth asif atkins atkinson auer avila avramov awad ayala ayers aziz babic bachmann bae baeza bailey bajwa
balakrishnan balan balogh banerjee baptiste barbier barbosa barker barlow barnes barnett baron barrera barreto barrett barros
bartlett barton basu bates batista bauer baumann baumgartner bautista baxter beaumont becerra beck becker beckmann bell
bellamy benedetti benitez bennett bensaid benson berg berger bergman bergmann bergstrom bernal bernard berrada berry bertrand
bhatia bhatt bhattacharya bianchi bielski bjork bjorklund blackwell blair blanc blanchard blanco blaszczyk bogdanov bohm
boateng bondarenko bonnet borkowski bose botha boucher bouchard boyd boyle braun bravo brennan bright brooks brown bruno
bryant buchanan buchholz burgess burke burnett burns busch butler byrne caballero cabral cabrera cai calderon caldwell
callahan camacho cameron campbell campos cano cantu cardenas cardoso carlsen carlson carlsson carney caron carpenter carrasco
carroll carson carvalho casey castaneda castellanos castillo castro cavalcanti cerda cervantes cespedes chakraborty
chambers chan chandra chang chapman charles chatterjee chaudhary chaudhry chavez chen cheng cherry chevalier cheung chiba
chmielewski cho choi chopra choudhury chowdhury christensen christiansen chu chung cisneros clark clarke claesson clement
clemens cohen cole coleman colombo combs conley connolly conrad conte contreras conway cooper cordero cordova corleone
cornejo cortes cortez costa costello coulibaly coutinho cowan craig crawford crosby cruz cuevas cummings cunningham curtis
czarnecki dahl dalton danielsen daniels danielsson das dasgupta davenport davidson davies davila davis dawson deleon delgado
deluca demir deng dennis desai deschamps desrosiers deshmukh desmond deutsch devi dhillon diallo dias diaz dickson diaz diop
dietrich dimitrov ding diouf dixon dlamini dobson doherty dolan dominguez donaldson donnelly donovan dorsey douglas doyle
dragomir drozd duarte dubois duchamp dudek duffy dufour duncan dunlap dunn dupont durand duran dutta dvorak dyer eaton
ebert echeverria edwards eguchi ehrlich eklund ekstrom elliott ellis ellison endo engel enriquez erdogan eriksen erikson
eriksson escobar espinosa espinoza esposito essien estevez estrada etxeberria evans faber fabian falk fang farah farkas
farrell faulkner faure fedorov feldman fenton ferguson fernandes fernandez ferrara ferrari ferraro ferreira ferrer ferretti
figueroa filipek filippov finch fischer fitzgerald fitzpatrick fleming fletcher flores flynn fofana fonseca fontaine forsberg
fournier fowler franco francois franke fredriksson freeman freitas frey friedman friedrich fritz fuchs fuentes fujii fujimoto
fujita fujiwara fukuda fuller furukawa gagnon gaines galindo gallagher gallardo gallegos galli galvan gamble gao garcia
gardner garner garnier garrett garrison garza gauthier gautier gebhardt geiger gentile george georgiev gerard gerhardt
gerste ghosh giannopoulos gibbons gibbs gibson gil gilbert gill gillespie giordano girard giraud glass glover goldberg
goldman goldstein gomes gomez gonzales gonzalez goodman goodwin gordon gorecki goswami gottlieb goto gottschalk graf graham
granger graves greco greene greenberg gregory griffin griffith grimaldi gross gruber guerin guerra guerrero guevara
guillaume gunther guo gupta gustafsson gutierrez guzman haas haddad hagen hahn hajdu halim hall hallberg halvorsen hamada
hamid hamilton hammond hampton han hancock hanna hansen hanson hansson hardin harding hardy haraguchi harper harrell
harrington harris harrison hartman hartmann harvey hasan hasegawa hashimoto hashmi hassan hattori haugen hawkins hayashi
hayden hayes haynes heath hebert hedlund hein heinrich helgason henderson hendricks hendriks henriksen henry henson herman
hermann hernandez herrera herrmann hess hewitt hicks higgins hidalgo hiraoka hirano hirsch ho hoang hobbs hodge hodges hofer
hoff hoffman hoffmann hogan holland holloway holm holmberg holmes holt hong hopkins horn horton horvat horvath hossain
hou houston howard howe howell hu huang huber hubbard hudson huerta huff huffman hughes hung hussain hussein hutchinson
huynh ibarra ibrahim ichikawa iglesias ikeda imai imran ingram inoue iqbal isaksen ishida ishii ishikawa islam ito ivanov
ivanova iversen iwasaki iwata iyer jacobs jacobsen jacobson jaeger jaffe jain jakobsen jakobsson james jankowski janssen
jansen jansson jaramillo jarvis jean jenkins jennings jensen jiang jimenez jin johannsen johansen johansson johns johnson
johnston jokinen jones jorgensen joseph joshi jovanovic juarez juarez jung kaczmarek kader kaiser kaminski kamau kamara kaneko
kang kapoor karim karimi karlsson kato katz kaufman kaufmann kaur kawaguchi kawamura kawasaki kearney keita keller kelley
kemp kennedy kenyatta kerr kessler khalil khan kikuchi kiefer kim kimura kirchner kirk kirkland klein kline klose knudsen
knudson kobayashi koch kohler kojima komarov kondo kone konig korhonen koroma kovac kovacs kovalenko kowalczyk kowalski
kozak kozlov kozlowski kraft kramer kraus krause krauss krawczyk krishnan kristensen kristiansen krueger kruger kruse
kubo kuhn kulkarni kumar kuo kurosawa kurtz kuznetsov kvist kwon lachance lacroix lafleur lagunas lai laine lal lam lambert
lamb lamoureux lancaster landry lang langer langford lara larsen larson larsson laurent lavoie lawal lawrence lawson leblanc
leclerc lee lefebvre lefevre legrand lehmann lehtinen leitner lemaire lemoine leon leonard leone leroy leung levi levin levy
lewandowski lewis li liang liao liberska lim lima lin lind lindberg lindgren lindqvist lindsey lindstrom ling liu livingston
lloyd lo logan lombardi lombardo lopes lopez lorenz lorenzo lowe lozano lu lucas lucero lucas ludwig luna lund lundberg
lundgren lundqvist luo luther lutz lynch lyons ma maas macdonald macedo macgregor machado macias mack mackenzie macleod madden
madsen maeda maher mahler mahmoud mahmood maier maldonado malhotra malik mallick malone mancini mann manning mansour marchand
marchetti marek mariani marin marino markovic marquez marsh marshall martel martens martin martinelli martinez martini
martins martinsson marx masuda mason massey matheson mathews mathis matos matsuda matsui matsumoto matthews mattsson maurer
mauro maxwell mayer maynard mazur mazzi mbeki mcbride mccall mccann mccarthy mccarty mcclure mcconnell mccormick mccoy
mccullough mcdaniel mcdermott mcdonald mcdowell mcgee mcgrath mcgregor mcguire mcintosh mcintyre mckay mckee mckenna mckenzie
mckinney mclaughlin mclean mcleod mcmahon mcmillan mcnamara mcneil mcpherson mehta meier mejia melendez mello mendes mendez
mendoza menon mensah mercado mercier merkel merkle mertens messina meyer meyers michaud michel mickelson middleton miguel
mikkelsen milanovic miles miller mills miranda mishra mitchell mitra miura miyamoto miyazaki mkhize mohamed mohammed mohan
moller molina moller monjeau monroe montano monteiro montero montes montgomery montoya moody moore moraes morales moran
moreau moreira morel moreno moretti morgan mori morikawa morin morita morris morrison morse moser moses mosley moss mota mourik
moyer mueller mukherjee mukhopadhyay muller munoz muniz murakami muraoka murata murphy murray musa mustafa myers nadeau
nagai nagy nair nakagawa nakahara nakajima nakamura nakano nakashima nakayama napolitano naqvi narayan nascimento nash
naumann navarro nawaz ndiaye neal negrete nelson neumann neves newman newton ng ngo nguyen nicholls nichols nicholson nickel
nielsen niemi niemeyer nieminen nieto nilsen nilsson nishida nishimura noble noda noel nolan nordstrom norman norris norton
novak nowak nowakowski nunes nunez nyberg nygaard nyman oberg obi obrien ochoa oconnell oconnor odonnell ogawa ogunleye
ohara oh ohlsson okada okafor okamoto okeke okonkwo okoro okoye olander oliveira oliver olsen olson olsson omondi oneal
oneill ono oquinn orozco ortega ortiz osborne osborn osei oshiro osman otero otieno otto ouedraogo owens owusu ozawa ozturk
pacheco padilla page palacios palmer palomino pan panagos pandey papadopoulos pappas paquette pardo parekh parikh park
parker parks parrish parsons pascal patel paterson patil patterson patton paulsen pavlov pawlak payne paz pearson peck
pedersen pelletier pelaez peltonen pena peng pereira perera peres perez perkins perrin perron perrot perry persson peters
petersen peterson petit petrov petrova petrovic petterson pettersson pfeiffer pham phan phelps phiri pham phillips piccolo
pierce pietrzak pike pinto pires piotrowski pittman poirier polanco pollard poole popa popescu popov portillo porter posada
potter powell powers prado prasad pratt prescott preston prieto primm proctor pruitt puig qureshi quintana quintero quiroga
raab rahman rai ramachandran raman ramirez ramos ramsey rana randall randolph rao rasmussen rathore rauch ray reddy reese
reeves rehman reichert reid reilly reimer reinhardt reis reiter renard ressler reyes reynolds rhodes ribeiro ricci rice
richard richards richardson richter riddle riggs riley rinaldi rios ritter rivas rivera rivers rizzo rizvi roberson robert
roberts robertson robinson robles roca rocha rodgers rodrigues rodriguez roemer rogers rojas roldan romano romanov romero
rosales rosario rosen rosenberg rosenthal ross rossi roth rousseau roux rowe rowland roy rubin rubio ruiz ruiz ruiz
russell russo ruth rutkowski ryan rybak saarinen sadik saeed saez said saito sakai sakamoto salas salazar saldana saleh salem
salgado salinas salomonsson samson samuelsson sanchez sanders sanderson sandoval sandberg sani sano santana santiago santoro
santos sanz saraiva sarkar sasaki sato savage sawyer schaefer schafer scharf scherer schmid schmidt schmitt schmitz schneider
scholz schroder schroeder schubert schulte schultz schulz schulze schumacher schuster schwab schwartz schwarz schweizer
sears seidel seifert sekhon selassie sen sepulveda serra serrano sethi severin sexton seydoux shaffer shah shaikh shannon
sharma sharp shaw sheikh shen shepherd sheppard sherman shevchenko shi shields shimada shimizu shinohara shukla siddiqui
sidhu sierra silva silveira silverman simmons simon simonsen simpson sims sinclair singh singleton sinha sithole sjoberg
skinner slater sloan smirnov smirnova smit smith snyder soares sobel sokolov solberg solis solomon soler sommer son song
sorensen soriano sosa soto sousa souza spence spencer spinelli srinivasan stafford stahl stanton stark steele stefanov
stein steiner stephens stephenson stern stevens stevenson stewart stokes strand strauss strickland strom strobel stuart
suarez subramanian sugiyama sullivan summers sun sundberg sung sutherland sutton suzuki svensson swanson sweeney szabo
szczepanska szewczyk szollosy szymanski tachibana takagi takahashi takeda takeuchi takano tamura tan tanaka tang tapia
taylor tellez teixeira tena teng terada terrell thapa thibault thiel thomas thompson thomsen thomson thornton tillman
timmermann tkachenko todd tomlinson toledo tong toro torres toure townsend traore tran travis trejo tremblay trevino trinh
truong tsai tsang tucker tuominen turcotte turner tyler ueda ueno uchida underwood urban urbina urner valdes valdez valencia
valentin valentine valenzuela valle vallejo vance vandenberg vanderberg vargas varela varma vasquez vaughan vaughn vazquez
vega velasco velasquez velazquez velez venkataraman ventura vera verma viana vidal vieira vigil vila villa villalobos
villanueva villarreal villegas virtanen vitale vlasov voigt vogel vogt volkov von vu wagner wakefield walczak walker wall
wallace walsh walter walters walton wanjiku wang wangari ward warner warren washington wasik watanabe waters watkins watson
watts weaver webb weber webster weeks wei weinberg weiner weiss welch wells wendt wenger wentworth werner wessels whitaker
whitehead whitney wieczorek wiese wiggins wilcox wiley wilkerson wilkins wilkinson willems williams williamson willis
wilson winkler winters wisniewski wojcik wolf wolfe wolff wong woodard woods woodward wozniak wright wu wyatt xie
xiong xu yadav yamada yamaguchi yamamoto yamasaki yamashita yamazaki yan yanez yang yao yates ybarra ye yefremova yeh yilmaz
yildiz yin yoder yokoyama yoo yoon yoshida yoshikawa young yu yuan yusuf zaitsev zamora zapata zapata zavala zeller zeman
zeng zhang zhao zheng zhou zhu ziegler zielinski zimmer zimmerman zimmermann zuniga zulu
kaya varga demirci aydin arslan celik sahin koc ozdemir aslan dogan kilic cetin kara polat erdem acar toth kiss molnar nemeth
papp takacs juhasz lakatos simon meszaros ionescu dumitru stan stoica gheorghe rusu munteanu ionita constantinescu georgiou
nikolaidis vlachos ioannou hakimi benali bouzid cherif mansouri amrani alaoui conde barry bah camara sylla diarra sow ndoye mbaye
mwangi ochieng njoroge wanjiru kariuki kiplagat kipchoge odhiambo wekesa ncube moyo dube sibanda nkosi ndlovu khumalo mokoena molefe
tshabalala mahlangu banda mulenga phiri tembo rakotomalala pillai nambiar naidu chauhan thakur bajaj kohli mehra bhagat saxena
tiwari trivedi dubey agrawal bansal goyal jha kaur nanda rawat sehgal sood suri talwar walia fernando jayasinghe wickramasinghe lama
gurung shrestha adhikari basnet siddiqi chaudhri abbasi bhatti butt cheema sokolova kuznetsova volkova morozov morozova novikov
novikova lebedev lebedeva kozlova pavlova romanova vasiliev vasilieva egorov orlov makarov nikitin zakharov kravchenko boyko melnyk
kovalchuk lysenko jankovic nikolic ilic stojanovic djordjevic pavlovic kralj zupan krajnc nowakowska kowalska wisniewska kaminska
lewandowska zielinska szymanska wozniak dabrowski dabrowska kozlowska jankowska mazur krawczyk svobodova svoboda novotny cerny
prochazka kucera dvorakova horak hruska makinen heikkinen koskinen jarvinen hamalainen heinonen lehtonen jonsson gunnarsson
sigurdsson einarsson magnusson vries jong bakker visser smits meijer mulder bos vos hendriks dekker dijkstra kuipers veenstra
hoekstra peeters claes maes wouters goossens leclercq lemoine marchal renaud picard gaillard brunet roussel quispe mamani huaman
condori choque rojas benitez villegas paredes cardozo ferreyra sosa gimenez peralta ledesma nogueira moura teles barros brito
figueiredo guimaraes macedo marques matias nobre paiva pinheiro queiroz rezende sampaio siqueira tavares vasconcelos qian feng shen
han yang zhu qin cao hua tao qi xie zou bai su ge fan peng lang fang ren tang cen xue lei luo hao kang jang lim seo shin hwang
ahn yoo baek heo nam noh bui dang duong ly quach thai trieu vo santoso wijaya hidayat saputra nugroho kusuma
setiawan susanto gunawan halim reyes dela bautista villanueva aquino pascual mendoza salonga dimaculangan haugland bakken strand
lunde moen haugen eide berge solheim nguyen whitfield ashcroft blackwood fairbanks goldsmith hargreaves kingsley langdon merriweather
northcott oakley pemberton ravenscroft sheffield thackeray underhill vickers winslow yardley abernathy bickford carmichael delaney
ellsworth farnsworth galloway holloway ingersoll kowalczyk lockwood mccallister nightingale osterman pennington quigley rutherford
stapleton trevelyan vandermeer whittaker yeager zamboni
";

/// Names that are words or places as well: they count only beside a given name or after words such as `customer`.
pub(super) const FAMILY_OR_WORD: &str = "
archer bailey baker ball banks barber bass bean bear berry best bird bishop black blue bolt bond booth bowen bowman branch
bridges bright brooks brown buck bull burn bush butcher buyer cannon carr carter case cash chandler chase cherry church
church clay cliff coates coffey cole collins cook cooke cox crane cross day dean dodge drake driver english farmer field
fields finch fish fisher flowers ford forest foster fox francis frank franklin freeman french frost gates glass gold golden
good grant grass gray green grey guest hale hand hart hawk hays head heath hedge hill hood hook hooper house howell hull
hunt hunter iron jackson jordan judge key keys king kirby knight knox lake lamb lane law leach lion little long lord love
lucky marks marsh mason may mayer merchant miles mills monday moon moss north oak ocean olive page paris parks peak pearl
penny pepper pierce pine piper pitt point pond pool pope porter post potts power price prince quick rain rich ridge rivers
rock rose rush sage sanders sands sharp shepherd short silver singer small snow south speed spring steel stone story strong
summer summers swift temple towers town trace tripp turner wade walker wall ward wash waters way web weeks west wheeler
white wilder winter wise wood woods workman wynn york young carr conner dale hardy hickman poole pope ray reed
";
