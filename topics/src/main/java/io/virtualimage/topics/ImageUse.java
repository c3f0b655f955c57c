package io.virtualimage.topics;

import java.util.List;

/**
 * That virtual machines use an image.
 *
 * @param machines names of the VirtualMachines, all in the image's namespace, in order; at least one, and no
 *     more than the first hundred
 * @param deletionAsked whether the image's deletion was asked for, and waits for them
 */
public record ImageUse(List<String> machines, boolean deletionAsked) {
    public ImageUse {
        machines = machines.stream().sorted().distinct().toList();
        if (machines.isEmpty()) {
            throw new IllegalArgumentException("an image that is in use is used by somebody");
        }
    }
}
