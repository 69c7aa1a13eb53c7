"""Model providers: one adapter per wire protocol, and the plan that chooses among them.

`Models.answer` in `plan` is the way in. The SDKs are loaded when a provider is first called.
"""
