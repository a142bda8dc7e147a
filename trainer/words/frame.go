package words

// frameWords are what questions are put in rather than what they are about. They
// weigh little.
var frameWords = Set(`accept allowed already also answer any anybody anyone ask belong belongs call called come count current
	exactly find get gets give given gives go goes gone got happen help hello hi hold inside kind know like list look looking made make many may
	me mean much must name named need needed needs new number old one order own person place please put remember right said say see
	show some somebody someone tell thing time turn type use used uses want way whats within work works yes
	aktuell alle allem angeben antwort bekomme bekommt bekommen beim bitte brauche braucht dabei dafuer damit danke dann darf denn dort duerfen einmal
	erfahre etwas finde finden frage fuers ganz geben gebe genau gibt gilt gehen geht gerade gern gerne gut hallo helfen hier jetzt kennst koennen
	koennte koennten lautet lauten liegt machen macht mal mit moechte moegen muessen muss nenne nennen neu neue neuen neuer nimmt noetig nun nur person sag sage sagen
	sollen soll sollte solle steht stelle stellen tun viel viele vielen wieviel wieviele will wissen wohl wollen wuerde gehoert heisst heissen haben hab
	beantrage befindet bestimmte gegen innerhalb waehrend wegen seit ohne live lives living become reach reaches`)

// IsFrame says whether a folded word is one that questions are put in, as "tell" and "finde" are,
// and that carries little content.
func IsFrame(w string) bool { return frameWords[w] }
