"""pillprint: photos of a tablet or capsule -> what it is, how sure and why, and the drug's monograph."""

from __future__ import annotations
