"""The columns of a product file, in the format that Shopify's shops exchange.

The first row of a product tells of the product, its first variant and its first
picture; the rows after it with the same Handle tell of one more variant, one
more picture, or both.
"""

HANDLE = "Handle"
TITLE = "Title"
BODY = "Body (HTML)"
VENDOR = "Vendor"
CATEGORY = "Product Category"
TYPE = "Type"
TAGS = "Tags"
PUBLISHED = "Published"
OPTION_NAMES = ("Option1 Name", "Option2 Name", "Option3 Name")
OPTION_VALUES = ("Option1 Value", "Option2 Value", "Option3 Value")
SKU = "Variant SKU"
GRAMS = "Variant Grams"
TRACKER = "Variant Inventory Tracker"
QUANTITY = "Variant Inventory Qty"
POLICY = "Variant Inventory Policy"
FULFILLMENT = "Variant Fulfillment Service"
PRICE = "Variant Price"
COMPARE_AT = "Variant Compare At Price"
SHIPPING = "Variant Requires Shipping"
TAXABLE = "Variant Taxable"
BARCODE = "Variant Barcode"
IMAGE = "Image Src"
IMAGE_POSITION = "Image Position"
IMAGE_ALT = "Image Alt Text"
GIFT_CARD = "Gift Card"
SEO_TITLE = "SEO Title"
SEO_DESCRIPTION = "SEO Description"
STATUS = "Status"

WRITTEN: tuple[str, ...] = (
    *(HANDLE, TITLE, BODY, VENDOR, CATEGORY, TYPE, TAGS, PUBLISHED),
    *(part for pair in zip(OPTION_NAMES, OPTION_VALUES, strict=True) for part in pair),
    *(SKU, GRAMS, TRACKER, QUANTITY, POLICY, FULFILLMENT, PRICE, COMPARE_AT, SHIPPING, TAXABLE),
    *(BARCODE, IMAGE, IMAGE_POSITION, IMAGE_ALT, GIFT_CARD, SEO_TITLE, SEO_DESCRIPTION, STATUS),
)
"""What an export has, in this order."""

WITHOUT_MEANING = frozenset({TRACKER, POLICY, FULFILLMENT, TAXABLE})
"""Written because other shops' importers ask for them; nothing here is decided by them."""

OF_PRODUCT = frozenset(
    {TITLE, BODY, VENDOR, CATEGORY, TYPE, TAGS, PUBLISHED, GIFT_CARD, SEO_TITLE}
    | {SEO_DESCRIPTION, STATUS, *OPTION_NAMES}
)
"""Told once, on a product's first row; later rows leave them empty or repeat them."""

OF_VARIANT = frozenset({*OPTION_VALUES, SKU, GRAMS, QUANTITY, PRICE, COMPARE_AT, BARCODE})
"""A row with any of these tells of a variant."""

NO_OPTION = ("Title", "Default Title")
"""How the format says that a product has one variant and nothing to choose."""
