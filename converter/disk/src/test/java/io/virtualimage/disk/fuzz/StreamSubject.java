package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.BadContentException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/** An unpacker of streams. Inputs are files as they are, but for checksums. */
record StreamSubject(Opener opener, UnaryOperator<byte[]> repair) implements Subject {
    /** What unpacks to more than this is not looked at to the end. */
    private static final int MAX_PLAIN_BYTES = 4 << 20;

    /** Begins to unpack a stream. */
    interface Opener {
        InputStream open(byte[] packed) throws IOException;
    }

    private record Result(long plainBytes, long checksum, String refusal) {}

    @Override
    public void read(byte[] input) throws IOException {
        byte[] stream = repair.apply(input);
        Result whole = unpack(stream, 64 << 10);
        Result inPieces = unpack(stream, 777);
        if (whole.refusal.isEmpty() && !whole.equals(inPieces)) {
            throw new AssertionError("in one piece %s, in small ones %s".formatted(whole, inPieces));
        }
    }

    private Result unpack(byte[] stream, int pieceBytes) throws IOException {
        CRC32C checksum = new CRC32C();
        byte[] piece = new byte[pieceBytes];
        long total = 0;
        try (InputStream plain = opener.open(stream)) {
            int count = 0;
            while (count >= 0 && total < MAX_PLAIN_BYTES) {
                count = plain.read(piece, 0, (int) Math.min(pieceBytes, MAX_PLAIN_BYTES - total));
                if (count > 0) {
                    checksum.update(piece, 0, count);
                    total += count;
                }
            }
        } catch (BadContentException e) {
            DiskExercise.checkMessage(e.reason());
            return new Result(total, 0, e.reason().getMessage());
        }
        return new Result(total, checksum.getValue(), "");
    }

    @Override
    public void writeFile(byte[] input, Path file) throws IOException {
        Files.write(file, repair.apply(input));
    }

    @Override
    public byte[] inputOf(Path file) throws IOException {
        return Files.readAllBytes(file);
    }
}
