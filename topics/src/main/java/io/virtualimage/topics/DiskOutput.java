package io.virtualimage.topics;

/**
 * What is stored of an image, and under which name.
 *
 * @param layout how the output comes from what is staged
 * @param format the output's own format
 * @param fileName name of the file within {@code disk/}
 */
public record DiskOutput(Layout layout, ImageFormat format, String fileName) {
    /** How an output comes from what is staged. */
    public enum Layout {
        /** The source's bytes, as they are. */
        PASS_THROUGH,
        /** Put together by a recipe, when all of the source is staged. */
        RECIPE
    }

    public DiskOutput {
        if (!fileName.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")) {
            throw new IllegalArgumentException("'" + fileName + "' is no name for a stored file");
        }
    }
}
