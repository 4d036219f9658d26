-- The catalog: a star around `product`. Written once by reference/store/writer.py, then only read.
-- Empty text and NULL both mean: the register does not say.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Where rows and single facts came from.
CREATE TABLE source (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    url      TEXT NOT NULL,
    products INTEGER NOT NULL
);

-- Each distinct imprint: the sorted tokens of all faces, joined by `;`. The empty key stands for "no text".
-- The ids are 1, 2, ... without a gap.
CREATE TABLE imprint (
    id          INTEGER PRIMARY KEY,
    imprint_key TEXT NOT NULL UNIQUE,
    characters  TEXT NOT NULL,     -- letters and digits of the distinct tokens, sorted: any order, any spacing
    products    INTEGER NOT NULL
);
CREATE INDEX imprint_characters ON imprint (characters);

-- Each distinct token, with the key of its look-alikes and that of its look-alikes after half a turn (without signs).
CREATE TABLE token (
    id          INTEGER PRIMARY KEY,
    token       TEXT NOT NULL UNIQUE,
    look_alike  TEXT NOT NULL,
    upside_down TEXT                 -- NULL where a character reads as nothing
);
CREATE INDEX token_look_alike ON token (look_alike);
CREATE INDEX token_upside_down ON token (upside_down);

CREATE TABLE imprint_token (
    token_id   INTEGER NOT NULL REFERENCES token (id),
    imprint_id INTEGER NOT NULL REFERENCES imprint (id),
    PRIMARY KEY (token_id, imprint_id)
) WITHOUT ROWID;
CREATE INDEX imprint_token_imprint ON imprint_token (imprint_id, token_id);

-- Each distinct look, in SPL terms and codes; colors in alphabetical order, joined by `;`.
CREATE TABLE look (
    id           INTEGER PRIMARY KEY,
    shape        TEXT NOT NULL,
    shape_code   TEXT NOT NULL,
    colors       TEXT NOT NULL,
    color_codes  TEXT NOT NULL,
    size_mm      REAL,
    score        INTEGER,
    symbol       INTEGER,
    imprint_type TEXT NOT NULL,
    coating      TEXT NOT NULL,
    products     INTEGER NOT NULL
);

-- Each distinct name, drug and strength; `terms` is what a search by name or drug looks through.
CREATE TABLE drug (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    drug        TEXT NOT NULL,
    strength    TEXT NOT NULL,
    ingredients TEXT NOT NULL,
    rxcui       TEXT NOT NULL,
    terms       TEXT NOT NULL
);
CREATE INDEX drug_drug ON drug (drug);
CREATE INDEX drug_rxcui ON drug (rxcui);

CREATE TABLE labeler (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- A drug's monograph; `origin` "label" is the label's own text.
CREATE TABLE monograph (
    id        INTEGER PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,
    drug      TEXT NOT NULL,
    title     TEXT NOT NULL,
    reviewed  TEXT NOT NULL,
    origin    TEXT NOT NULL,
    citations TEXT NOT NULL          -- JSON
);
CREATE INDEX monograph_drug ON monograph (drug);

CREATE TABLE section (
    monograph_id INTEGER NOT NULL REFERENCES monograph (id),
    position     INTEGER NOT NULL,
    key          TEXT NOT NULL,
    loinc        TEXT NOT NULL,
    title        TEXT NOT NULL,
    statements   BLOB NOT NULL,      -- JSON, deflated
    PRIMARY KEY (monograph_id, position)
) WITHOUT ROWID;

CREATE TABLE product (
    id           INTEGER PRIMARY KEY,
    product_id   TEXT NOT NULL UNIQUE,
    imprint_id   INTEGER NOT NULL REFERENCES imprint (id),
    look_id      INTEGER NOT NULL REFERENCES look (id),
    drug_id      INTEGER NOT NULL REFERENCES drug (id),
    labeler_id   INTEGER NOT NULL REFERENCES labeler (id),
    source_id    INTEGER NOT NULL REFERENCES source (id),
    monograph_id INTEGER REFERENCES monograph (id),
    imprint      TEXT NOT NULL,
    tokens       TEXT NOT NULL,
    faces        TEXT NOT NULL,      -- faces parted by `|`, tokens by `;`
    dosage_form  TEXT NOT NULL,
    ndc          TEXT NOT NULL,
    ndc9         TEXT NOT NULL,      -- labeler and product code as 5 + 4 digits
    market       TEXT NOT NULL,
    dea_schedule TEXT NOT NULL,
    prescription TEXT NOT NULL,
    source_url   TEXT NOT NULL,
    source_date  TEXT NOT NULL,      -- the register's own, else the day its file was retrieved
    originals    TEXT NOT NULL,      -- JSON: the register's own words
    imprint_check TEXT NOT NULL DEFAULT '' -- JSON: [date, registers, share, bearers, source, url] of ImprintCheck
);
CREATE INDEX product_imprint ON product (imprint_id, look_id);
CREATE INDEX product_look ON product (look_id);
CREATE INDEX product_drug ON product (drug_id);
CREATE INDEX product_labeler ON product (labeler_id);
CREATE INDEX product_ndc9 ON product (ndc9);

-- Where single fields come from, named as in reference/product.py. What is not here comes from the product's own
-- source, source_url and source_date.
CREATE TABLE fact_source (
    product_id INTEGER NOT NULL REFERENCES product (id),
    field      TEXT NOT NULL,
    source_id  INTEGER NOT NULL REFERENCES source (id),
    url        TEXT NOT NULL,
    date       TEXT NOT NULL,
    PRIMARY KEY (product_id, field)
) WITHOUT ROWID;

-- How many products carry an imprint with a look: what a search walks.
CREATE TABLE imprint_look (
    imprint_id INTEGER NOT NULL REFERENCES imprint (id),
    look_id    INTEGER NOT NULL REFERENCES look (id),
    products   INTEGER NOT NULL,
    PRIMARY KEY (imprint_id, look_id)
) WITHOUT ROWID;
