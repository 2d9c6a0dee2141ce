"""The mailbox between a worker and its reader."""

from diffviz.engine.mailbox import Mailbox


def test_only_the_first_letter_into_an_empty_box_asks_for_a_bell():
    mailbox = Mailbox()
    assert [mailbox.post(item) for item in "abc"] == [True, False, False]
    assert mailbox.take_all() == ["a", "b", "c"]
    assert mailbox.post("d")


def test_an_emptied_box_holds_nothing():
    mailbox = Mailbox()
    mailbox.post(None)
    assert mailbox
    mailbox.take_all()
    assert not mailbox
    assert mailbox.take_all() == []
