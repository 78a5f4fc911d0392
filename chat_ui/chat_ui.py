"""The app: its pages and what lives as long as its process."""

from __future__ import annotations

import reflex as rx

from chat_ui.state import routes
from chat_ui.state.account import AccountState
from chat_ui.state.admin import AdminState
from chat_ui.state.current import refuse_a_false_start, run_chat
from chat_ui.state.door import EventDoor
from chat_ui.state.failing import failed
from chat_ui.state.models import ModelState
from chat_ui.state.preferences import ChatSettingsState, DefaultsState, GaugeState
from chat_ui.state.sidebar import SidebarState
from chat_ui.state.steering import SteeringState
from chat_ui.state.thread import ThreadState
from chat_ui.ui.components.scripts import Shell
from chat_ui.ui.first import first_script
from chat_ui.ui.pages.admin import admin
from chat_ui.ui.pages.conversation import conversation
from chat_ui.ui.pages.new_chat import new_chat
from chat_ui.ui.pages.nowhere import nowhere
from chat_ui.ui.pages.settings import settings
from chat_ui.ui.words import say
from chat_ui.web.app import at_the_door
from chat_ui.web.logs import keep_payloads_out

refuse_a_false_start()
keep_payloads_out()

app = rx.App(
    stylesheets=["/tokens.css", "/page.css", "/prose.css", "/accounts.css", "/steering.css", "/print.css"],
    reset_style=False,
    toaster=None,
    app_wraps={(50, "Shell"): lambda _: Shell.create()},
    html_lang="en",
    api_transformer=at_the_door,
    backend_exception_handler=failed,
    head_components=[
        rx.el.link(rel="icon", href="/icon.svg", type="image/svg+xml"),
        rx.el.meta(
            name="viewport", content="width=device-width, initial-scale=1, interactive-widget=resizes-content"
        ),
        first_script(),
        rx.el.meta(name="color-scheme", content="light dark"),
    ],
)
app.register_lifespan_task(run_chat)
app.add_middleware(EventDoor())
app.add_page(
    new_chat,
    route=routes.NEW_CHAT,
    title=say("site"),
    on_load=[
        AccountState.load,
        ThreadState.open_new,
        ChatSettingsState.open_new,
        GaugeState.open_new,
        SidebarState.follow,
        ModelState.load,
    ],
)
app.add_page(
    conversation,
    route=routes.CONVERSATION,
    title=say("site"),
    on_load=[
        AccountState.load,
        SteeringState.open_page,
        ThreadState.follow,
        SidebarState.follow,
        ModelState.load,
    ],
)
app.add_page(
    settings,
    route=routes.SETTINGS,
    title=say("settings.page"),
    on_load=[AccountState.load_places, DefaultsState.load, SidebarState.follow, ModelState.load],
)
app.add_page(
    admin,
    route=routes.ADMIN,
    title=say("admin.page"),
    on_load=[AccountState.load, AdminState.load, SidebarState.follow, ModelState.load],
)
app.add_page(
    nowhere,
    route=routes.NOWHERE,
    title=say("site"),
    on_load=[AccountState.load, SidebarState.follow, ModelState.load],
)
