-- Text is compared by code point (COLLATE "C") whatever the database's locale: pages are cut by (column, id), and an order that
-- changes with the operating system's library would skip or repeat rows, and break indexes. Foreign keys compare the same way.

-- AlterTable
ALTER TABLE "Component" ADD COLUMN     "nextVerifyAt" TIMESTAMPTZ(3);
