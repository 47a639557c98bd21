"""A small day's news in six languages, written for these tests."""

from digest.stories import Item

# Each article: the name of its story and its language, the headline, the body.
DAY = """\
bridge en
River bridge at Millbrook closed after crack is found
Engineers closed the Millbrook bridge on Tuesday after an inspection found a crack in its
main girder. Buses will take the northern crossing until repairs end.

bridge en
Millbrook bridge shut as inspectors find girder crack
Traffic over the Millbrook bridge stopped on Tuesday. A crack in the main girder was found
during a yearly inspection, the county's engineers said.

bridge en
Commuters face detours while Millbrook bridge is repaired
Drivers queued at the northern crossing on Wednesday, a day after the Millbrook bridge was
closed because of a cracked girder. Repairs may take three weeks.

chess en
Teenager wins national chess title in final round
Ivo Petrov, 15, became the youngest national chess champion when he won with the black
pieces in the last round in Varna.

chess en
Ivo Petrov, 15, is youngest chess champion
The new national chess champion is fifteen. Ivo Petrov won the last round in Varna on Sunday
with the black pieces.

alone en
Bakers' guild elects its first chairwoman
Members voted on Monday evening.

metro bg
Откриха новата метростанция в квартал „Левски“
Кметът откри новата метростанция в квартал „Левски“. Първият влак тръгна в шест сутринта, а
пътуването до центъра отнема дванайсет минути.

metro bg
Първи влак от новата станция на метрото в „Левски“
От шест сутринта влаковете спират и на новата метростанция в „Левски“. До центъра се стига
за дванайсет минути, каза кметът.

fires el
ΜΕΓΑΛΗ ΠΥΡΚΑΓΙΑ ΣΤΗ ΡΟΔΟ
Μεγάλη πυρκαγιά ξέσπασε στη Ρόδο. Εκκενώθηκαν τρία χωριά και δύο ξενοδοχεία, ενώ πυροσβέστες
από όλη τη χώρα έφτασαν στο νησί.

fires el
Πυρκαγιά στη Ρόδο: εκκενώνονται χωριά
Τρία χωριά της Ρόδου εκκενώθηκαν λόγω της μεγάλης πυρκαγιάς. Στο νησί έφτασαν πυροσβέστες
από όλη τη χώρα.

strike de
Lokführer legen den Bahnverkehr lahm
Der Streik der Lokführer hat am Mittwoch den Bahnverkehr in ganz Süddeutschland lahmgelegt.
Die Gewerkschaft fordert kürzere Schichten.

strike de
STREIK DER LOKFÜHRER: KEINE ZÜGE IN SÜDDEUTSCHLAND
Wegen des Streiks fuhren in Süddeutschland kaum Züge. Die Lokführer und ihre Gewerkschaft
verlangen kürzere Schichten.

quake tr
İzmir'de deprem: IŞIKLAR SÖNDÜ
İzmir'de sabah saatlerinde deprem oldu. Depremde yaralanan olmadı ancak kentin kuzeyinde
ışıklar söndü, okullar bir gün tatil edildi.

quake tr
izmir depreminde okullar tatil, ışıklar söndü
Sabahki depremden sonra İzmir'in kuzeyinde elektrik kesildi. Okullar bir gün tatil;
yaralanan yok.

rocket zh
新型火箭成功发射三颗卫星
新型火箭周三在海南成功发射，把三颗气象卫星送入轨道。

rocket zh
三颗气象卫星由新型火箭送入轨道
周三，新型火箭在海南发射成功，三颗卫星进入轨道。
"""


def day(*, declared: bool = True) -> list[Item]:
    """The day's articles; the id begins with the name of the story."""
    items = []
    for number, article in enumerate(DAY.split("\n\n")):
        kind, title, body = article.split("\n", 2)
        story, language = kind.split()
        items.append(Item(f"{story}-{number}", title, body, language=language if declared else ""))
    return items


def names(stories: list[list[Item]]) -> set[frozenset[str]]:
    """A grouping as sets of ids."""
    return {frozenset(item.id for item in story) for story in stories}


def expected() -> set[frozenset[str]]:
    """The day as a reader would group it."""
    stories: dict[str, set[str]] = {}
    for item in day():
        stories.setdefault(item.id.split("-")[0], set()).add(item.id)
    return {frozenset(ids) for ids in stories.values()}
