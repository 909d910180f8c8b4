"""Template sentences: fixed wordings with a few open slots; the corpus has many fillings of each."""

from __future__ import annotations

from random import Random

from sample.texts.document import Document
from sample.texts.grammar import expand, named_paragraphs, with_articles
from sample.texts.words import SHARED

_TEMPLATES = named_paragraphs("""
weather_warning: Weather warning for «1:town»: heavy «2:mass» is expected on «3:weekday» evening. Roads near the river
may be closed for several hours. Keep windows shut, bring animals indoors, and listen to the local radio for news. Do
not drive unless you must. The warning ends at noon on the next day, or earlier if the wind drops.

bus_stop: The next bus to «1:town» leaves from platform «2:digit» in «3:count» minutes. Please have your ticket ready
and let others get off first. This service calls at every stop along the coast road. Passengers for the hospital
should change at the market square. Bicycles can be taken on board outside the rush hour at no extra charge.

name_day: On «1:day» «2:month» people called «3:given» celebrate their name day. Friends and neighbours come by
without an invitation, and it is polite to offer them cake and coffee. In former times the youngest child of the house
sang a song at the window before sunrise. The custom is still kept in a few villages, mostly by older families.

lost_animal: Missing since «1:weekday»: a «2:colour» «3:creature», last seen close to the «4:room» behind the church.
It is shy and does not bite. Please do not run after it, but note the place and the time and tell the caretaker at
once. Whoever finds it can expect a small reward and a great deal of thanks from the children.

job_offer: «1:company» is looking for a «2:trade» in «3:town». You bring some years of practice, like to work in a
small team and keep calm when things become busy. We offer a permanent contract, thirty days of holiday and a kitchen
that is known for its soup. Send us one page about yourself and tell us when you could begin.

match_report: «1:town» beat «2:town» by «3:digit» goals to one on «4:weekday» in front of a small but loud crowd. The
visitors had more of the ball and hit the post twice, yet the home side took every chance that came its way. After the
final whistle the trainer praised the defence and said that nobody should draw conclusions from a single evening.

parcel_note: Dear «1:given», your parcel from «2:company» could not be delivered because nobody opened the door. It is
waiting for you at the shop on the corner until «3:weekday». Bring this card and something that proves who you are.
After that day we will send it back, and you would have to order it once more at your own expense.

plant_care: The «1:colour» «2:food» likes a sunny place and a soil that never dries out. Water it in the evening,
never at noon, and turn the pot by a quarter every week. In «3:month» it needs hardly any water at all. If the leaves
become yellow, cut them off close to the stem and move the plant away from the window for some days.

train_delay: We are sorry that the «1:tens» train to «2:town» is running about «3:count» minutes late today. The
reason is a fault in the signals, which our engineers are trying to repair. Connecting trains will wait where this is
possible. You may use any other train in the same direction, whatever is printed on your ticket.

museum_label: «1:thing|cap», «2:region», about «3:year». Given to the museum by the family of a «4:trade». The surface
shows traces of an older layer of paint, which was uncovered when the piece was cleaned. Objects of this kind were
used every day and thrown away when they broke, so that very few of them have come down to us.

reading_list: Before «1:weekday» please read the chapter on «2:mass» and write down «3:count» questions that it leaves
open. We will talk about them in small groups and then collect the answers on the board. You need not agree with the
author, but you should be able to say in your own words what she claims and why she thinks that it is true.

horoscope: Those born in «1:month» will find a «2:thing» where they least expect it. Be patient with a «3:trade», who
means well but speaks too soon. Money comes in slowly and goes out fast this week, so leave the large decisions for
later. A letter brings good news from far away. The best day for love is the one on which you forget your keys.

water_works: Because of repairs there will be no water in «1:town» on «2:day» «3:month» between eight in the morning
and four in the afternoon. Fill a few bottles on the evening before and keep all taps closed. When the water comes
back it may look cloudy for a while, which does no harm. We thank you for your patience during these works.

recipe_card: For this dish you need «1:count» «2:food|s», some oil, an onion and the juice of a lemon. Cut everything
into small pieces and let it simmer with the lid on. Add the «3:food|s» only at the end, so that they keep their
colour. It tastes best on the second day, and it can be frozen without losing anything. Enough for four hungry people.

obituary: «1:given» «2:family», for many years a «3:trade» in «4:town», died peacefully at home after a short illness.
Those who knew this quiet and stubborn person will miss a good listener. The funeral takes place in the old church.
Instead of flowers the family asks for a gift to the lifeboats. No speeches are to be held, as was always wished.

software_news: Version «1:digit».«2:digit» of the «3:thing» editor is out. It opens large files faster, remembers the
last position in every file and no longer loses the selection when the window is resized. We have also removed several
old options that nobody used. As always, make a copy of your settings before you install it, and tell us what you
think.

house_for_sale: For sale: a «1:adj» house with «2:count» rooms in «3:town», built in «4:year» and renewed with care.
The kitchen faces south, the cellar is dry and the roof was mended last summer. School and shops can be reached on
foot. The garden is larger than it looks and has old fruit trees in it. Shown by appointment only, and never on
Sundays.

dream_book: Whoever dreams of a «1:colour» «2:thing» will soon hear from a friend who was thought to be lost. If the
dream comes twice in one week, it means a journey across water. To see it broken is a warning not to sign anything
before the new moon. Old people say that such dreams are only to be trusted in the last hours of the night.

course_notice: The course in «1:mass» carving for beginners starts on «2:weekday» at seven in the «3:room». No
knowledge is needed; tools can be borrowed for a small fee. Please wear old clothes and bring something to write with.
There are still «4:count» places left. Those who fall ill can make up for the lesson in the following week.

road_works: From «1:month» on the road between «2:town» and «3:town» will be closed to all traffic except buses. A
detour leads through the forest and takes about ten minutes longer. Cyclists may pass at their own risk. The work will
last until the bridge has been made safe, which depends on the weather and on the delivery of the steel.

tour_guide: Our walk begins at the «1:room» of the old «2:trade», where you can still see the marks of the great
flood. From there «3:count» steps lead up to the wall. Turn around for a fine view over the roofs. Please stay on the
path, because the grass is a nesting place for larks. The walk takes an hour and ends at a very good bakery.

science_fact: Did you know that a «1:creature» can sleep for «2:count» hours without moving at all? Its heart then
beats so slowly that early observers took it for dead. Only the smell of «3:food|s» wakes it at once. How it manages
to notice the smell while it sleeps so deeply is a question that nobody has been able to answer until today.

court_diary: In the case of «1:family» against «2:company» the court will sit again on «3:day» «4:month». The public
is admitted as long as there are seats. Cameras and telephones have to be left at the entrance. Witnesses should
arrive half an hour before they are called and must not talk to each other about the matter while they wait outside.

poll_result: According to a new survey, «1:percent» per cent of the people in «2:town» would rather have a «3:room»
than another car park. The rest had no opinion or did not want to say. Those who asked the questions point out that
the answer depends a good deal on the weather. A second round of interviews is planned for the coming spring.

school_letter: Dear parents of class «1:digit», on «2:weekday» we will visit the «3:trade» in «4:town». Please give
your child something to eat and a bottle of water, but no sweets and no money. We leave right after the first bell and
are back for lunch. If your child cannot walk far, tell us early enough, so that we can arrange for a car.

radio_quiz: Question of the day: in which year did a «1:trade» from «2:town» first cross the lake on a «3:thing»? Call
us before the news and tell us what you think. Among all the right answers we draw one, who wins two tickets for the
circus. Yesterday nobody knew the answer, so the prize has been doubled. Good luck to everyone who takes part.

product_recall: «1:company» asks all customers to stop using the «2:colour» «3:thing» sold since «4:month». The handle
may come loose and cause injuries. Bring it back to any of the shops, where you will get your money back even without
a receipt. Other colours are not affected. The firm regrets the mistake and thanks those who reported it.

folk_saying: When the «1:creature» comes to the «2:room» in «3:month», the old people here say, the winter will be
short and the harvest late. Nobody can tell how old the saying is. It was written down for the first time by a priest
who did not believe a word of it, and who nevertheless counted the animals in his yard every single year.

safety_card: In case of fire leave the «1:room» by the nearest door and go to the meeting point beside the «2:colour»
«3:thing». Do not use the lift and do not go back for your belongings. Close the doors behind you without locking
them. Help those who cannot walk. Once outside, stay together until somebody has counted you and written down your
name.

thank_you: Dear «1:given», thank you so much for the «2:adj» «3:thing», which arrived on «4:weekday» and was admired
by everybody. It now stands beside the window, where the light falls on it in the morning. You should not have gone to
such trouble, but I am very glad that you did. Come and see it soon, and stay for as long as you like.
""")


def template_ids() -> tuple[str, ...]:
    """Return the names of all templates."""
    return tuple(_TEMPLATES)


def filled_template(template_id: str, rng: Random) -> Document:
    """Return one filling of a template, with the words that were filled in."""
    bindings: dict[str, str] = {}
    text = with_articles(expand(_TEMPLATES[template_id], SHARED, rng, bindings))
    fills = tuple(bindings[place] for place in sorted(bindings))
    return Document(text, "template", template_id, False, template_id=template_id, template_fills=fills)
