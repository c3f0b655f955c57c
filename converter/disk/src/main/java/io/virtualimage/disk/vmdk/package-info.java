/**
 * VMware's sparse disks in one file: hosted ({@code KDMV}; monolithicSparse and streamOptimized) and ESX ({@code COWD};
 * vmfsSparse). May depend on {@code io.virtualimage.disk} and on nothing else.
 */
@NullMarked
package io.virtualimage.disk.vmdk;

import org.jspecify.annotations.NullMarked;
