"""The check of a document against an XML schema that the user has, off the network.

The schema of XTCE imports that of the `xml:` attributes from the web: a stub stands in for it.
No other document is opened.

Source: XTCE 1.2, SpaceSystem.xsd; W3C XML Schema 1.0.
"""

from __future__ import annotations

from lxml import etree

from ground.errors import Where
from ground.mdb.model import Gravity, Problem
from ground.mdb.xtce_document import refuse, tree

_XML_ATTRIBUTES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="http://www.w3.org/XML/1998/namespace">
  <xs:attribute name="lang" type="xs:language"/>
  <xs:attribute name="base" type="xs:anyURI"/>
  <xs:attribute name="space" type="xs:NCName"/>
  <xs:attribute name="id" type="xs:ID"/>
</xs:schema>"""


class _Stub(etree.Resolver):
    """Gives the stub for `xml.xsd` and nothing for everything else."""

    def resolve(self, system_url, public_id, context):  # type: ignore[no-untyped-def, override]
        text = _XML_ATTRIBUTES if system_url.endswith("xml.xsd") else ""
        return self.resolve_string(text, context)  # type: ignore[call-arg]


def validate(
    octets: bytes, schema: bytes, source: str, schema_source: str = "schema"
) -> list[Problem]:
    """Return what a document has against a schema; nothing where it is valid.

    Raises:
        DatabaseError: the document is not XML, or the schema is none.
    """
    rules, namespace = _schema(schema, schema_source)
    root = tree(octets, source)
    found = etree.QName(root).namespace or ""
    if found != namespace:
        message = f"namespace {found!r} found; {namespace!r}, that of the schema, expected"
        return [Problem(Where(source, 1), Gravity.ERROR, message)]
    rules.validate(root)
    return [
        Problem(Where(source, entry.line), Gravity.ERROR, entry.message.replace(f"{{{found}}}", ""))
        for entry in rules.error_log  # type: ignore[attr-defined]
    ]


def _schema(octets: bytes, source: str) -> tuple[etree.XMLSchema, str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(_Stub())
    try:
        root = etree.fromstring(octets, parser)
        return etree.XMLSchema(root), root.get("targetNamespace", "")
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError, ValueError) as error:
        reason = " ".join(str(error).split())
        message = f"not readable as a schema: {reason}; an XML schema expected"
        raise refuse(source, 0, message) from None
