package io.virtualimage.oci.layer;

import java.util.ArrayList;
import java.util.List;

/** What a search saw instead of what it looks for: a few words of it, for the message. */
final class Findings {

    private static final int MAX_NAMES = 5;
    private static final int MAX_REMARKS = 3;

    private final List<TarPath> names = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private boolean more;

    void saw(TarEntry entry) {
        TarPath path = entry.path();
        if (path == null || entry.type() == TarEntry.Type.FOREIGN || path.equals(TarPath.ROOT)) {
            return;
        }
        if (path.isUnder(TarPath.DISK)) {
            switch (entry.type()) {
                case SYMBOLIC_LINK, DEVICE -> remark(path + " is " + entry.type());
                case REGULAR, HARD_LINK, DIRECTORY, FOREIGN -> {}
            }
        }
        if (names.contains(path)) {
            return;
        }
        if (names.size() < MAX_NAMES) {
            names.add(path);
        } else {
            more = true;
        }
    }

    void remark(String what) {
        if (remarks.size() < MAX_REMARKS && !remarks.contains(what)) {
            remarks.add(what);
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (names.isEmpty()) {
            text.append("its layers are empty");
        } else {
            text.append("it has ");
            for (int i = 0; i < names.size(); i++) {
                text.append(i == 0 ? "" : ", ")
                        .append('\'')
                        .append(names.get(i))
                        .append('\'');
            }
            text.append(more ? " and more" : "");
        }
        remarks.forEach(each -> text.append("; ").append(each));
        return text.toString();
    }
}
