package io.virtualimage.disk.recipe;

/**
 * What a recipe that was written is like.
 *
 * @param lengthBytes of the output
 * @param unpackedBytes length of the unpacked space
 * @param groups number of groups of units; 0 if nothing has to be unpacked
 */
public record RecipeSummary(long lengthBytes, int parts, long unpackedBytes, int groups) {}
