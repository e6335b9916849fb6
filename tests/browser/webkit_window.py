"""A window of WebKitGTK that keeps what its pages store: `/usr/bin/python3 webkit_window.py PROFILE`, started by WebKitWebDriver.

Debian's MiniBrowser forgets everything while it is driven, so a start with the same profile could not be tested with it.
This runs on the system's Python, which alone has GTK's bindings, and imports nothing of the project.
"""

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402


def main(profile: str) -> None:
    kept = WebKit2.WebsiteDataManager(base_data_directory=f"{profile}/data", base_cache_directory=f"{profile}/cache")
    context = WebKit2.WebContext(website_data_manager=kept)
    cookies = context.get_cookie_manager()
    cookies.set_persistent_storage(f"{profile}/cookies", WebKit2.CookiePersistentStorage.SQLITE)
    view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)

    def started(_context: WebKit2.WebContext, session: WebKit2.AutomationSession) -> None:
        session.connect("create-web-view", lambda _session: view)

    context.set_automation_allowed(True)
    context.connect("automation-started", started)
    window = Gtk.Window(default_width=390, default_height=844)
    window.connect("destroy", Gtk.main_quit)
    window.add(view)
    window.show_all()
    Gtk.main()


if __name__ == "__main__":
    main(sys.argv[1])
