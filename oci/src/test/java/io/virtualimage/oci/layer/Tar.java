package io.virtualimage.oci.layer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Writes archives, also such as no program would. */
final class Tar {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Tar file(String name, String content) {
        return file(name, content.getBytes(UTF_8));
    }

    Tar file(String name, byte[] content) {
        return raw(new Header(name, '0').size(content.length).bytes()).content(content);
    }

    Tar directory(String name) {
        return raw(new Header(name, '5').bytes());
    }

    Tar hardLink(String name, String target) {
        return raw(new Header(name, '1').link(target).bytes());
    }

    Tar symbolicLink(String name, String target) {
        return raw(new Header(name, '2').link(target).bytes());
    }

    /** An extended header; {@code records} are {@code key=value}. */
    Tar pax(char type, String... records) {
        StringBuilder all = new StringBuilder();
        for (String each : records) {
            int rest = each.getBytes(UTF_8).length + 2;
            int length = rest;
            while (Integer.toString(length).length() + rest != length) {
                length = Integer.toString(length).length() + rest;
            }
            all.append(length).append(' ').append(each).append('\n');
        }
        return extension(type, all.toString().getBytes(UTF_8));
    }

    Tar extension(char type, byte[] content) {
        return raw(new Header("././@Extension", type).size(content.length).bytes())
                .content(content);
    }

    Tar raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Tar content(byte[] content) {
        out.writeBytes(content);
        out.writeBytes(new byte[-content.length & 511]);
        return this;
    }

    int size() {
        return out.size();
    }

    /** What was written so far, and the two blocks that end an archive. */
    byte[] bytes() {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.writeBytes(out.toByteArray());
        whole.writeBytes(new byte[1024]);
        return whole.toByteArray();
    }

    /** A header block; its checksum is put in at the end. */
    static final class Header {
        private final byte[] block = new byte[512];

        Header(String name, char type) {
            put(0, name);
            put(100, "0000644\0" + "0000000\0" + "0000000\0");
            size(0);
            put(136, "00000000000\0");
            block[156] = (byte) type;
            put(257, "ustar\00000");
        }

        Header size(long size) {
            return put(124, "%011o".formatted(size) + "\0");
        }

        Header binarySize(long size) {
            put(124, "\u0080\0\0\0");
            ByteBuffer.wrap(block).putLong(128, size);
            return this;
        }

        Header link(String target) {
            return put(157, target);
        }

        Header put(int at, String text) {
            byte[] bytes = text.getBytes(ISO_8859_1);
            System.arraycopy(bytes, 0, block, at, bytes.length);
            return this;
        }

        byte[] bytes() {
            return bytes(false);
        }

        byte[] bytes(boolean signedSum) {
            put(148, " ".repeat(8));
            int sum = 0;
            for (byte each : block) {
                sum += signedSum ? each : each & 0xff;
            }
            put(148, "%06o".formatted(sum) + "\0 ");
            return block.clone();
        }
    }
}
