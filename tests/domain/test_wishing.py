from datetime import date, time

from domain.contacts import Channel, Place
from domain.people import Weekday, Wish
from domain.wishing import added

TODAY = date(2026, 11, 21)
YESTERDAY = date(2026, 11, 20)


def test_wishes_of_the_same_days_become_one_and_the_strictest_binds():
    first = added((), Wish(opens=time(10), closes=time(20), never=(Weekday.SUN,)), TODAY)
    assert added(first, Wish(opens=time(9), closes=time(18), not_at=(Place.WORK,)), TODAY) == (
        Wish(opens=time(10), closes=time(18), never=(Weekday.SUN,), not_at=(Place.WORK,)),
    )


def test_wishes_of_other_days_stand_beside_each_other():
    sundays = Wish(days=(Weekday.SUN,), opens=time(12))
    assert added((sundays,), Wish(opens=time(9)), TODAY) == (sundays, Wish(opens=time(9)))


def test_the_channels_named_last_are_the_ones_that_are_wanted():
    mail, hours = Wish(only=(Channel.EMAIL,)), Wish(days=(Weekday.SUN,), opens=time(12))
    assert added((mail, hours), Wish(only=(Channel.SMS,)), TODAY) == (
        Wish(only=(Channel.SMS,)),
        hours,
    )


def test_channels_named_once_stay_when_hours_are_wished_later():
    assert added((Wish(only=(Channel.EMAIL,)),), Wish(opens=time(12)), TODAY) == (
        Wish(opens=time(12), only=(Channel.EMAIL,)),
    )


def test_a_wish_whose_last_day_is_over_is_gone_and_one_said_twice_stands_once():
    over, today = Wish(opens=time(12), until=YESTERDAY), Wish(opens=time(12), until=TODAY)
    assert added((over, today), today, TODAY) == (today,)


def test_a_wish_for_other_channels_leaves_nothing_of_one_that_named_channels_for_some_days():
    weekend = Wish(days=(Weekday.SAT,), only=(Channel.EMAIL,))
    assert added((weekend,), Wish(only=(Channel.SMS,)), TODAY) == (Wish(only=(Channel.SMS,)),)
