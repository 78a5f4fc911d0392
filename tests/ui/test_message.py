"""What a message is drawn for."""

import pytest

from chat_ui.ui.components import message


@pytest.mark.parametrize("part", [message._article, message._content])
def test_a_message_looks_into_no_state_which_would_draw_it_anew_with_all_that_changes_there(part):
    hooks = part._definition.component._get_all_hooks()
    assert not [hook for hook in hooks if "useStateContext" in hook]
