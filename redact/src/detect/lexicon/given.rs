//! Given names of many languages, lowercase, without accents. Written down from general knowledge; complete it never is.

/// Names that are hardly ever anything else.
pub(super) const GIVEN: &str = "
aaron abdul abdullah abigail abraham adam adamu adela adele adelaide adeline aditi aditya adrian adriana adrienne agata
agatha agnes agnieszka ahmad ahmed ahmet aicha aida aiden aiko aileen aisha aishwarya aitor ajay akash akemi akiko akira
aksel alain alan alana albert alberta alberto aldo alejandra alejandro aleksander aleksandar aleksandra aleksei alena
alessandra alessandro alessia alex alexa alexander alexandra alexandre alexandria alexei alexis alfonso alfred alfredo ali
alice alicia alina alisa alison alistair allan allison alma alonso alvaro alyssa amadou amalia amanda amara amari amber
ambrose amelia amelie amina amir amira amit amita amos amy ana anabel anais anastasia anatoly anders andre andrea andreas
andrei andres andrew andrey andrzej aneta angela angelica angelina angelo angus anika anil anita anjali anke ann anna
annabelle anne anneke anneliese annette annie annika anouk ansel anthony antje antoine antoinette anton antonella antonia
antonin antonio anuj anya apolline archana ariana arianna ariel arjun arlene armand armando arnaud arnold arthur arturo
arun arvid asha ashley ashok asif asma astrid asuka athena atsuko aubrey audrey august augusta augustin aurelia aurelie
aurora austin ava avery axel ayaka ayako ayan ayesha ayumi aziz azra baptiste barbara barnaby barry bartosz bastian bastien
beata beatrice beatrix beatriz becky belinda benedict benedikt benjamin benoit bernadette bernard bernardo bernd bernhard
bernice bertha bertram bessie beth bethany bettina betty beverly bianca bilal birgit birgitta bjorn blanca blessing bogdan
bohdan boris bozena bradley brandon brenda brendan brent brett brian brianna bridget brigitte britta brittany brooke
bruce bruno bryan caitlin caleb calvin camila camilla camille candice carina carl carla carlo carlos carlotta carmela carmen
carol carole carolina caroline carolyn carsten casey cassandra catalina caterina catherine cathy cecil cecile cecilia
celeste celia celine cesar chad chaima chandra chantal charlene charles charlie charlotte chelsea cheng chiara chidi chika
chinedu chinonso chioma chiyo chloe chris christa christian christiane christina christine christof christoph christophe
christopher ciara cindy claire clara clarence clarissa claude claudia claudio clemence clement clementine clifford
clotilde clyde colette colin colleen connie connor conrad constance constantin consuelo corinna corinne cornelia
cornelius cory cosima courtney craig cristian cristiano cristina cristobal curtis cynthia cyril dagmar dagny daiki daisuke
damian damien damir dan dana daniel daniela daniele danielle danilo danuta daphne daria darius darlene darren darya dario
dave david davide dawid deborah debra deepa deepak deirdre delia delphine denis denise dennis derek desiree desmond devon
diana diane didier diego dieter dietmar dilip dimitri dimitrios dinah dinesh dirk divya dmitri dmitry dolores dominic
dominik dominika dominique donald donna dora doreen doris dorota dorothea dorothy douglas dragan duncan dusan dustin dwayne
dylan eamon ebba ebony edda eddie edgar edith edmund eduard eduardo edward edwin efrain eileen eirik elaine elara elena
eleanor eleni eleonora elias eliana elif elijah elin elio elisa elisabeth elise eliza elizabeth elke ella ellen ellie
elliot elliott elodie eloise elsa elsie elvira emanuel emanuela emeka emil emilia emiliano emilie emilio emily emma
emmanuel emmanuelle emre enrico enrique eric erica erich erick erik erika erin ernest ernesto ernst esme esmeralda esteban
estelle esther ethan etienne eugene eugenia eun eva evan evangeline evelina evelyn ezra fabian fabiana fabien fabio
fabrice fabrizio fadi faina faisal farah farid farida fatima fatou fatoumata federica federico felicia felicity felipe
felix feliks femi ferdinand fernanda fernando fidel filip filippo finn fiona flavia flavio fleur flora florence florian
floyd frances francesca francesco francine francis francisca francisco franco francois francoise franz franziska freddie
frederic frederick frederik freya frida frieda friedrich fritz fumiko gabor gabriel gabriela gabriele gabrielle gael galina
gareth garry gaston gavin gemma genevieve geoffrey georg george georges georgia georgina gerald geraldine gerard gerardo
gerda gerhard gertrude giacomo giancarlo gianluca gianni gilbert gilberto gilles gillian gina giorgia giorgio giovanna
giovanni girish gisela giselle giulia giuliana giulio giuseppe gladys glenda glenn gloria goran gottfried graciela graham
graziella greg gregor gregory greta gretchen grigori grzegorz guadalupe gudrun guido guillaume guillermo gunnar gunther
gustav gustavo gwen gwendolyn habib hadiza hadrien hakan hakim halima hamid hamza hana hanako hanna hannah hannes hans
hanspeter harald hari harold harriet harrison harry haruka haruki haruto harvey hassan hazel heather hector hedwig heidi
heike heiko heinrich heinz helen helena helene helga helmut hendrik henri henrietta henrik henry herbert herman hermann
hernan herve hideki hideo hilary hilda hiroko hiromi hiroshi hisashi holger holly horacio horst hortense howard hubert hugh
hugo humberto hussein hyun ian ibrahim ida idris ignacio ignatius igor ikram ilaria ilia ilona ilse iman imani imran ines
inga inge ingeborg ingrid inigo ioana ioannis irena irene irina iris irma irving isaac isabel isabella isabelle isaiah
isamu ismael ismail isolde istvan ivan ivana iveta ivo ivona iwona izabela jacek jack jackie jacob jacqueline jacques jada
jaden jaime jakob jakub jamal james jamie jan jana jane janet janice janina janine janusz jared jarek jarmila jaroslav
jasmin jasmine jason jasper javier jean jeanette jeanne jeannette jeff jeffrey jelena jennifer jenny jens jeremiah jeremy
jerome jessica jessie jesus jillian jimmy jitka joachim joan joana joanna joanne joao joaquin jochen jocelyn joel joelle
johan johann johanna johannes john johnny jolanda jolanta jon jonah jonas jonathan jonathon jordi jorge jorg jose josef
josefa josefina joseph josephine joshua josip joyce juan juana juanita judith judy jules julia julian juliana juliane
julie julien juliet juliette julio julius junko jurgen justin justina justine justyna jutta jyoti kai kaito kajsa kamal
kamila kamran kaori karel karen karim karin karina karl karla karolina karsten kasper katarina katarzyna kate katerina
katharina katherine kathleen kathryn kathy katia katie katja katrin katrina katya kavita kayla kazimierz kazuki kazuko kazuo
keiko keith kelly kelvin kendra kenichi kenji kenneth kenta kerry kerstin kevin khadija khaled khalid kiara kieran kim
kimberly kinga kiran kirsten kirstin kiyoshi klara klaus koichi kofi kojo konrad konstantin konstantinos krishna kristen
kristian kristiina kristin kristina kristof krystyna krzysztof kumiko kurt kwabena kwame kyle kyoko ladislav lakshmi
larissa larry lars latisha latoya laura laure lauren laurence laurent laurie lavinia lawrence lazaro leandro leah leander
leila leif lena lennart lenore leo leon leona leonard leonardo leonid leonie leonora leopold leroy leslie leticia lewis li
liam liana lidia lieselotte ligia lila lilian liliana lillian lilly linda lindsay lindsey linnea linus lionel lisa lisbeth
livia ljiljana lloyd loic lola lorena lorenzo loretta lori lorna lorraine lothar louis louisa louise lourdes luana luc
luca lucas lucia luciana luciano lucie lucien lucille lucinda lucio lucy ludmila ludovic ludwig luigi luis luisa luiz luiza
lukas lukasz luka luke lutz lydia lynn mabel maciej madeleine madeline madhuri madison mads mae magali magda magdalena
magnus maha mahmoud mahesh maja makoto malcolm malgorzata malik malika mallory mamadou mandla mandy manfred manish manisha
manoj manon manuel manuela marc marcel marcela marcelo marcia marcin marcello marco marcos marcus mareike margaret margarita
margaux margherita margot marguerite maria mariam mariana marianna marianne maribel marie marieke mariella marija marika
marilyn marina mario marion marisa marisol marit marius mariusz marjorie marko markus marlene marlon marta martha martin
martina martine marvin mary maryam marzena masako masashi mason massimo masato mateo mateus mateusz mathew mathias mathieu
mathilde matias matilda matilde matteo matthew matthias matthieu mattias maude maureen maurice mauricio maurizio mauro
maximilian maxime maya mayumi megan meghan mehdi mehmet mei melanie melinda melissa melvin mercedes meredith merle meryem
mette mia micaela michael michaela michal michel michele micheline michelle michiko mieke miguel mihai mihaela miharu mika
mikael mikaela mike mikhail miki mikko milan milica milena milos mina minako minh minoru mio mira miranda mireille mirela
miriam miroslav misaki mitchell miyu moana mohamed mohammad mohammed moira mona monica monika monique morgane moritz morten
moses mostafa moussa muhammad mukesh murat muriel mustafa myriam myrtle nadia nadine nadja nagisa naima nam namrata nana
nancy nanami naoko naomi naoto narumi nasir natalia natalie natascha natasha nathalie nathan nathaniel naveed naveen neha
neil nelly nelson nena nerea nestor niamh niccolo nicholas nick nicki nicola nicolas nicole nicoletta niels niklas nikita
nikola nikolai nikolaj nikolaos nikolas nils nina nisha nitin njeri noah noel noelia noelle noemi nora norbert noriko norma
norman norio noura nuno nuria octavia octavio odette ola olaf olav oleg oleksandr olena olga oliver olivia olivier olu
oluwaseun omar omari ondrej orlando oscar oskar osman oswald otis otto ottilie owen pablo paloma pamela pankaj paola paolo
parisa pascal pascale patrice patricia patricio patrick patrik patrycja patty paul paula pauline paulina paulo pauli pavel
pawel pedro peggy penelope per percy perrine petar peter petra petro petronella philip philipp philippa philippe phillip
phoebe phyllis pia piotr pierre pierrette pietro pilar piotr pooja prabhakar pradeep prakash pranav prasad priscilla
pritam priya priyanka quentin quinn rabia rachel rachid radek radka rafael rafaela rafal rafiq raghav ragnar ragnhild rahel
rahul raimund rainer raj rajesh raju rakesh ralf ralph ramesh ramon ramona randolph rani rania raphael raquel rashid rashida
raul ravi raymond rebecca regina reginald regine reiko reinhard reinhold rekha rena renata renate renato rene renee reuben
ricarda riccardo ricardo richard rickey rika riku rina rita ritsuko rob robert roberta roberto robin robyn rocio roderick
rodney rodolfo rodrigo roger rogerio roland rolando rolf roman romain romina ronald ronan rosa rosalia rosalie rosalind
rosamund rosanna rosario rosemarie rosemary rosita ross roswitha roxana roxanne roy ruben rudolf rudolph rupert russell ruth
ryan ryo ryota sabina sabine sabrina sachiko saif said sakura salah salim salma salman salome salvador salvatore sam samantha
sami samina samir samira samuel sana sandeep sandra sandrine sandro sandy sanjay sanjeev santiago saoirse sara sarah sarita
sascha sasha satoshi satoko saul savannah scott sean sebastian sebastien seiji selena selim selma serena sergei sergey
sergio seth severin severine shahid shane shannon sharon shaun shauna sheila shelby sheldon shelly sherry shigeru shinichi
shinji shirley shivani shizuka shoko shota shreya shweta sibylle siegfried sigrid silas silke silvana silvia silvio simon
simona simone sina siobhan sipho slavica snezana sofia sofie solange solveig sonia sonja sonya sophia sophie soren stacey
stacy stanislav stanislaw stanislas stanley stefan stefania stefanie stefano stella sten stephan stephane stephanie stephen
steve steven stewart stuart sture sudha suk sumiko sunil sunita suresh susan susana susanna susanne susie sushma suzanne
svea sven svenja svetlana sybil sylvain sylvester sylvia sylvie tabea tabitha tadashi tadeusz taiwo takashi takeshi takuya
talia tamara tamika tamsin tania tanja tanya tara tariq tatiana tatjana taylor ted tehila temitope teresa terence terje
teresita terrence terri terry tess tessa thabo thea theodor theodora theodore theresa therese thiago thibault thierry thomas
thorsten tiago tiana tiffany tilda tim timo timothy timur tina tobias toby todd tomas tomasz tomoko tomomi tomoya toni tony
torben tori toshiko tove tracey tracy trent trevor tristan troy trudy tsubasa tunde tyler tyrone ugo ulrich ulrika ulrike
umberto umesh ursula usha usman ute uwe vaclav valentin valentina valentino valeria valerie valerio vanessa vasily vasilis
vedran venkat vera verena vernon veronica veronika veronique vesna vicente vicki vicky victor victoria vidya vijay
vikram viktor viktoria vilma vincent vincenzo viola violeta violetta virginie vishal vitaly vito vittoria vittorio vivek
viviana vivien vivienne vladimir vojtech volker volodymyr wade wafa wallace walter waltraud wanda wanjiru warren wayne wei
wendy werner wesley wieslawa wilfred wilhelm wilhelmina willem william willie wilma winfried winifred winston wojciech
wolfgang wouter xavier xiao xin yaa yael yann yanis yannick yara yasmin yasmine yasuko yasushi yetunde yohan yoko yolanda
yoshiko yosuke youssef yuki yukiko yuko yulia yumi yumiko yuri yusuf yuto yuya yves yvette yvonne zachary zahra zainab
zbigniew zdenek zeinab zelda zeynep zhen zhi zofia zoe zoltan zora zsofia zsuzsanna zuzana krisztian faina aantje eino
oyvind oystein aase asbjorn bjarne gro gunhild haakon halvor hakon ingvild jorunn kjell ragna sindre siri sverre tore
trygve vidar aino antti eero eeva hannu heikki jari jukka juha kalle kari kimmo leena matti merja mikko minna outi pekka
pirjo riitta sanna sari seppo tapio teemu timo tuomas tuula ville agnes akos andras attila balazs bence csaba dora eszter
ferenc gabor gergely gyorgy ildiko istvan janos jozsef judit kalman katalin laszlo levente miklos nora reka sandor tamas
tibor zoltan zsolt anisa arben besnik dritan eljon fatos miha matej metka rok tomaz ubul vinka asya bekbolat mstislav
adaeze adebayo adwoa akosua amaka ayodele babatunde chiamaka chukwuemeka efua ebele esi folake funke ifeanyi ikenna
kehinde kemi lerato lindiwe naledi ngozi nia nkechi nnamdi nomvula obinna olumide oluwatobi onyeka osei sade sanele segun
sizwe thandi themba tolu uche wangari yaw yemi zanele zola abebe almaz bekele dawit desta fikru genet haile mekonnen selam
tadesse tigist aarav aanya ananya anand aparna arnav bhavna chetan dev dhruv gaurav gayatri geeta harish harsha ishaan
kabir kajal karthik ketan lata mahima meena meera mohan mohit nalini nandini naresh neeraj nikhil padma pallavi parvati
prachi pranay pratik preeti puja radha rajan rajiv ramya ranjit reena ritu rohan rohit sachin sangeeta sanjana saurabh
shalini shankar shilpa shruti siddharth smita sneha sonal srinivas subhash sujata sumit suman swati tanvi tejas uma usha
vaishali varun vasanth venkatesh vimal vinay vinod yash amal basma fadwa ghada hala hanan huda ibtisam iyad jamila jawad
karima khalil latifa layla lina lubna mahdi majid marwa mazen mounir nabil nada nadim nawal nizar noor omaima rafik rami
rana ranya reem riad rima ruba sahar salwa samar sameh sawsan shadi souad sufyan suhail tahir wael walid waleed wissam
yahya yousef zaid zaki ziad zineb beyza burak can cem deniz derya ebru ece emine erdem esra fatih fatma gizem gokhan
gulsen hatice hulya kemal kerem leyla melek merve nuray onur ozan ozge ozlem pinar selin serkan sevgi sibel tolga tugba
tuncay ugur umut volkan yasemin yavuz zeki bao chau duc dung giang hien hoa hung huong huyen khanh lan linh loan mai ngoc
nguyet nhung phuong quang quoc quynh thanh thao thi thu thuy tien trang trinh tuan tuyet viet xuan yen jiahui jianguo jing
jingyi jun lei ling meiling mingyu na peng qiang qing ting weiwei xiaoling xiaoming xiuying yan yifan ying yong yu yue
zihan haeun hyejin hyeon jihoon jihye jimin jin jinho jisoo jiwoo joon junho kyung mijin minho minji minjun minseo sangho
seojun seoyeon seung soojin sora soyeon subin sumin yejin yeon young youngho yuna bayani dalisay jejomar joselito
ligaya maricel rizalyn rosalinda budi dewi dian eko fitri indah joko lestari putri rizky sari siti slamet sri suharto
wahyu wati yanti
";

/// Names that are words as well: they count only beside a family name or after words such as `customer`.
pub(super) const GIVEN_OR_WORD: &str = "
april art bill bob chance chase christian crystal dale dawn dean drew faith frank gene grace grant guy hope hunter ivy jack
jade jay jean jewel job joe joy june june kay kit lance lane lily major mark marsha max may melody mercy miles misty norm
olive page pat paris penny phil pierce ray reed rex rich rob robin rocky rod roman ron rose ruby rusty sandy sky sonny
star sterling sue summer sunny ted terry tony tor tracy trinity van victor violet virginia wade will willow winter woody
charity clay cliff colt cruz dallas denver dolly earl ford florida georgia holly honey iris jordan kelly king lacey lee
logan madison mason montana morgan myrtle neon opal pearl pepper piper prince princess quincy raven reef rio river rowan
sage savannah season shelby sierra skip spencer stone storm sydney tiger trent turner tyler walker wren dakota domingo
";
