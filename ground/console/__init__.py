"""The operator's console in a terminal: a thin process that shows what the station says.

In come messages of a `feed`; `model` keeps the newest of them, `view` (pure) says what to show,
`widgets` draw it line by line, `screens` are the pages, `app` joins them. Out go viewports, queries
and operators' acts that were confirmed. No alarm and no safety logic lives here.
"""
