"""What tests in more than one directory use."""

pytest_plugins = ["tests.browser.fixtures"]
