"""Corpora whose labels are of other formats, stand elsewhere, or in one file for all."""

import json
import os
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from sfvq_analysis import load_corpus, scan_corpus
from sfvq_analysis.errors import CorpusError, OptionError, SfvqError
from sfvq_analysis.timeline import Segment

RATE = 8000
PHONES = (Segment(0, 80, "h#"), Segment(80, 240, "s"), Segment(240, 400, "iy"))
WORDS = (Segment(80, 400, "see"),)


def write_audio(path, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(400 * rate // RATE), rate)


def write_text(path, text, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)


def seconds(sample):
    return f"{float(Fraction(sample, RATE)):.9g}"


def textgrid(**tiers):
    end = seconds(400)
    lines = ['"ooTextFile"', '"TextGrid"', "0", end, "<exists>", str(len(tiers))]
    for name, segments in tiers.items():
        lines += ['"IntervalTier"', f'"{name}"', "0", end]
        edges = sorted({0, 400, *(e for s in segments for e in (s.start, s.stop))})
        label = {s.start: s.label for s in segments}
        lines.append(str(len(edges) - 1))
        for start, stop in pairwise(edges):
            lines += [seconds(start), seconds(stop), f'"{label.get(start, "")}"']
    return "\n".join(lines) + "\n"


def eaf(segments):
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="ts{2 * i + j}" TIME_VALUE="{1000 * at // RATE}"/>'
        for i, segment in enumerate(segments)
        for j, at in enumerate(segment[:2])
    )
    annotations = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{i}" TIME_SLOT_REF1="ts{2 * i}" '
        f'TIME_SLOT_REF2="ts{2 * i + 1}"><ANNOTATION_VALUE>{segment.label}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
        for i, segment in enumerate(segments)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT AUTHOR="" DATE="" '
        'FORMAT="3.0" VERSION="3.0"><HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>'
        f'<TIME_ORDER>{slots}</TIME_ORDER><TIER LINGUISTIC_TYPE_REF="x" TIER_ID="phones">'
        f'{annotations}</TIER><LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="x" TIME_ALIGNABLE="true"/>'
        "</ANNOTATION_DOCUMENT>"
    )


def htk(segments):
    return "".join(f"{s.start * 1250} {s.stop * 1250} {s.label}\n" for s in segments)


def esps(segments):
    rows = "".join(f"{seconds(s.stop)} 121 {s.label}\n" for s in segments)
    return f"separator ;\nnfields 1\n#\n{rows}"


def annotation(**tiers):
    levels = [
        {
            "name": name,
            "type": "SEGMENT",
            "items": [
                {
                    "id": s.start,
                    "sampleStart": s.start,
                    "sampleDur": s.stop - s.start - 1,
                    "labels": [{"name": name, "value": s.label}],
                }
                for s in segments
            ],
        }
        for name, segments in tiers.items()
    ]
    return json.dumps({"annotates": "a.wav", "sampleRate": RATE, "levels": levels, "links": []})


def ctm(name, segments):
    return "".join(
        f"{name} 1 {seconds(s.start)} {seconds(s.stop - s.start)} {s.label}\n" for s in segments
    )


def rows(name, segments):
    return "".join(f"{name},{seconds(s.start)},{seconds(s.stop)},{s.label}\n" for s in segments)


def refusal(call, kind=CorpusError):
    with pytest.raises(kind) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestFormats:
    @pytest.mark.parametrize(
        ("labels", "suffix", "text"),
        [
            ("phn", ".phn", "".join(f"{s.start} {s.stop} {s.label}\n" for s in PHONES)),
            ("textgrid", ".TextGrid", textgrid(phones=PHONES)),
            ("htk", ".lab", htk(PHONES)),
            ("eaf", ".eaf", eaf(PHONES)),
            ("esps", ".lab", esps(PHONES)),
            ("buckeye", ".phones", esps(PHONES)),
            ("emu", "_annot.json", annotation(phones=PHONES)),
            ("ctm", ".ctm", ctm("a", PHONES)),
            ("csv", ".csv", "utterance,start,stop,label\n" + rows("a", PHONES)),
        ],
    )
    def test_one_file_each_beside_the_audio(self, tmp_path, labels, suffix, text):
        write_audio(tmp_path / "s1" / "a.wav")
        write_text(tmp_path / "s1" / f"a{suffix}", text)
        corpus = scan_corpus(tmp_path, labels)
        assert [(u.id, u.speaker) for u in corpus] == [("s1/a", "s1")]
        assert corpus["s1/a"].load().tiers == {"phone": PHONES}
        assert corpus["s1/a"].load_phones() == PHONES
        if labels not in ("ctm", "csv", "esps"):
            assert scan_corpus(tmp_path)["s1/a"].load_phones() == PHONES

    def test_sessions_of_an_emu_database_are_its_speakers(self, tmp_path):
        """Bundles, which are folders, have the sentence's name in each of them."""
        for session, bundle in [("anna_ses", "s1"), ("anna_ses", "s2"), ("x.2_ses", "s1")]:
            folder = tmp_path / "my_emuDB" / session / f"{bundle}_bndl"
            write_audio(folder / f"{bundle}.wav")
            write_text(folder / f"{bundle}_annot.json", annotation(phones=PHONES))
        write_audio(tmp_path / "loose" / "a.wav")
        write_text(tmp_path / "loose" / "a_annot.json", annotation(phones=PHONES))
        assert [u.speaker for u in scan_corpus(tmp_path)] == ["loose", "anna", "anna", "x.2"]
        assert [u.speaker for u in scan_corpus(tmp_path, "emu")] == ["loose", "anna", "anna", "x.2"]
        of_sentence = scan_corpus(tmp_path, pattern=r".*/(?P<speaker>[^/]+)")
        assert [u.speaker for u in of_sentence] == ["a", "s1", "s2", "s1"]
        flat = scan_corpus(tmp_path / "my_emuDB" / "x.2_ses" / "s1_bndl")
        assert [u.speaker for u in flat] == ["s1"]

    @pytest.mark.parametrize(
        ("labels", "name", "text"),
        [
            ("mlf", "all.mlf", '#!MLF!#\n"*/a.lab"\n{}.\n"*/b.lab"\n{}.\n'),
            ("ctm", "all.ctm", None),
            ("csv", "all.csv", None),
        ],
    )
    def test_one_file_for_all(self, tmp_path, labels, name, text):
        for stem in ("s1/a", "s2/b"):
            write_audio(tmp_path / "audio" / f"{stem}.flac")
        place = tmp_path / "labels" / name
        made = {
            "mlf": lambda: text.format(htk(PHONES), htk(PHONES[:2])),
            "ctm": lambda: ctm("a", PHONES) + ctm("b", PHONES[:2]),
            "csv": lambda: (
                "utterance,start,stop,label\n" + rows("s1/a", PHONES) + rows("s2/b", PHONES[:2])
            ),
        }[labels]()
        write_text(place, made)
        corpus = scan_corpus(tmp_path / "audio", labels, label_place=place)
        assert corpus["s1/a"].load().tiers == {"phone": PHONES}
        assert corpus["s2/b"].load().tiers == {"phone": PHONES[:2]}
        assert len(scan_corpus(tmp_path / "audio", label_place=place)) == 2  # by its suffix

    def test_seconds_are_rounded_at_the_rate_of_each_audio_file(self, tmp_path):
        write_audio(tmp_path / "a.wav", 16000)
        write_text(tmp_path / "a.TextGrid", textgrid(phones=PHONES))
        assert scan_corpus(tmp_path)["a"].load_phones()[1] == Segment(160, 480, "s")


class TestTextGrids:
    def test_what_the_forced_aligner_writes(self, tmp_path):
        write_audio(tmp_path / "speech" / "s1" / "a.wav")
        silent = (Segment(0, 80, ""), *PHONES[1:])
        write_text(tmp_path / "aligned" / "s1" / "a.TextGrid", textgrid(words=WORDS, phones=silent))
        corpus = scan_corpus(tmp_path / "speech", "mfa", label_place=tmp_path / "aligned")
        assert corpus.empty_is_silence
        tiers = corpus["s1/a"].load().tiers
        assert tiers == {"phone": silent, "word": (Segment(0, 80, ""), *WORDS)}

    def test_a_tier_of_text_is_a_tier_like_any(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        text = (Segment(0, 400, "see it"),)
        write_text(tmp_path / "a.TextGrid", textgrid(phones=PHONES, utterance=text))
        tiers = {"phone": "phones", "text": "utterance"}
        found = scan_corpus(tmp_path, "textgrid", tier=tiers)["a"].load().tiers
        assert found == {"phone": PHONES, "text": text}

    def test_tiers_are_named(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        write_text(tmp_path / "a.TextGrid", textgrid(Wörter=WORDS, Laute=PHONES))
        corpus = load_corpus(tmp_path, "textgrid", tier="Laute")
        assert corpus["a"].load().tiers == {"phone": PHONES}
        corpus = load_corpus(tmp_path, "textgrid", tier={"phone": "Laute", "word": "Wörter"})
        assert corpus["a"].load().tiers["word"] == (Segment(0, 80, ""), *WORDS)
        message = refusal(load_corpus(tmp_path)["a"].load)
        assert message.endswith("2 tiers of intervals; its tiers are 'Wörter', 'Laute'")
        message = refusal(load_corpus(tmp_path, "textgrid", tier="phones")["a"].load)
        assert "a.TextGrid: no tier 'phones'" in message

    @pytest.mark.parametrize("tier", [{"word": "w"}, {"phone": "p", "tone": "t"}, {}])
    def test_a_mapping_of_tiers_names_phones(self, tmp_path, tier):
        write_audio(tmp_path / "a.wav")
        refusal(lambda: scan_corpus(tmp_path, "textgrid", tier=tier), OptionError)

    def test_formats_without_tiers_take_none(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        message = refusal(lambda: scan_corpus(tmp_path, "phn", tier="phones"), OptionError)
        assert message.startswith("tier is 'phones', but labels='phn' have no tiers")


class TestEsps:
    def test_words_of_buckeye_stand_in_a_file_of_their_own(self, tmp_path):
        write_audio(tmp_path / "s01" / "s0101a.wav")
        write_text(tmp_path / "s01" / "s0101a.phones", esps((Segment(0, 0, "{B_TRANS}"), *PHONES)))
        words = "separator ;\n#\n0.01 121 <SIL>; B; B; null\n0.05 121 see; s iy; s iy; VB\n"
        write_text(tmp_path / "s01" / "s0101a.words", words)
        corpus = scan_corpus(tmp_path)
        assert [(u.id, u.speaker) for u in corpus] == [("s01/s0101a", "s01")]
        silence = Segment(0, 80, "<SIL>")
        assert corpus["s01/s0101a"].load().tiers == {"phone": PHONES, "word": (silence, *WORDS)}
        message = refusal(lambda: scan_corpus(tmp_path, "buckeye", tier="phones"), OptionError)
        assert message.startswith("tier is 'phones', but labels='buckeye' have no tiers")

    def test_phones_beside_other_labels_are_not_taken_for_buckeye_s(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        write_text(tmp_path / "a.phones", "h# s iy\n")
        write_text(tmp_path / "a.lab", htk(PHONES))
        assert scan_corpus(tmp_path)["a"].load_phones() == PHONES
        write_text(tmp_path / "a.TextGrid", textgrid(phones=PHONES))
        assert scan_corpus(tmp_path)["a"].load_phones() == PHONES

    def test_a_lab_of_festival_is_refused_as_htk_with_the_way_out(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        write_text(tmp_path / "a.lab", esps(PHONES))
        message = refusal(scan_corpus(tmp_path)["a"].load)
        assert message.endswith('not one of HTK; read it as format "esps" (--labels esps)')


class TestEmu:
    def test_a_bundle_is_an_utterance_and_json_of_others_is_none(self, tmp_path):
        bundle = tmp_path / "0000_ses" / "msajc003_bndl"
        write_audio(bundle / "msajc003.wav")
        write_text(bundle / "msajc003_ANNOT.json", annotation(MAU=PHONES, Word=WORDS))
        write_text(tmp_path / "ae_DBconfig.json", "{}")
        tiers = {"phone": "MAU", "word": "Word"}
        session = r"(?P<speaker>[^/]+)_ses/.*"
        corpus = scan_corpus(tmp_path, tier=tiers, pattern=session)
        assert [(u.id[-8:], u.speaker) for u in corpus] == [("msajc003", "0000")]
        assert [u.load().tiers for u in corpus] == [{"phone": PHONES, "word": WORDS}]
        message = refusal(lambda: [u.load() for u in scan_corpus(tmp_path)])
        assert message.endswith("it has 2 tiers of intervals; its tiers are 'MAU', 'Word'")
        write_audio(bundle / "msajc003_annot.wav")  # of that name, but no bundle of its own
        message = refusal(lambda: scan_corpus(tmp_path, tier=tiers))
        assert message.startswith(
            f"{bundle / 'msajc003_annot.wav'}: utterance lacks its _annot.json"
        )


class TestFoldersBesideFolders:
    """As in CMU ARCTIC (`cmu_us_bdl_arctic/wav`, `…/lab`) and L2-ARCTIC (`ABA/annotation`)."""

    @pytest.fixture
    def corpus(self, tmp_path):
        for speaker in ("aba", "SKA"):
            for name in ("a1", "A2"):
                write_audio(tmp_path / speaker / "wav" / f"{name}.wav")
                aligned = textgrid(words=WORDS, phones=PHONES[:2])
                write_text(tmp_path / speaker / "textgrid" / f"{name}.TextGrid", aligned)
                heard = textgrid(words=WORDS, phones=PHONES)
                write_text(tmp_path / speaker / "Annotation" / f"{name}.TextGrid", heard)
        return tmp_path

    @pytest.mark.parametrize("folder", ["Annotation", "annotation"])
    def test_the_one_that_is_named_is_read(self, corpus, folder):
        found = scan_corpus(corpus, label_place=corpus / "*" / folder)
        ids = ["SKA/wav/A2", "SKA/wav/a1", "aba/wav/A2", "aba/wav/a1"]
        assert [(u.id, u.speaker) for u in found] == [(one, one[:3]) for one in ids]
        assert found.empty_is_silence  # it was told that they are the aligner's
        assert all(u.load_phones()[: len(PHONES)] == PHONES for u in found)
        short = scan_corpus(corpus, "textgrid", tier="phones", label_place=f"{corpus}/*/textgrid")
        assert all(u.load_phones()[:2] == PHONES[:2] for u in short)
        own = r"(?P<speaker>...)/wav/(?P<sentence>.*)"
        found = scan_corpus(corpus, label_place=corpus / "*" / folder, pattern=own)
        assert found["aba/wav/a1"].sentence == "a1"

    def test_a_speaker_alone_is_a_corpus_too(self, corpus):
        found = scan_corpus(corpus / "aba", label_place=corpus / "aba" / "*" / "textgrid")
        assert [u.id for u in found] == ["wav/A2", "wav/a1"]
        found = scan_corpus(corpus / "aba" / "wav", label_place=corpus / "aba" / "textgrid")
        assert [u.id for u in found] == ["A2", "a1"]

    def test_labels_elsewhere_may_stand_beside_each_other(self, corpus):
        (corpus / "labels").mkdir()
        for speaker in ("aba", "SKA"):
            (corpus / "labels" / speaker).mkdir()
            (corpus / speaker / "Annotation").rename(corpus / "labels" / speaker / "hand")
        place = corpus / "labels" / "*" / "hand"
        assert len(scan_corpus(corpus, label_place=place)) == 4

    def test_two_recordings_of_one_utterance_share_their_labels(self, corpus):
        write_audio(corpus / "aba" / "far" / "a1.wav")
        found = scan_corpus(corpus, label_place=corpus / "*" / "Annotation")
        assert found["aba/far/a1"].load_phones() == found["aba/wav/a1"].load_phones()

    def test_a_recording_among_the_labels_is_not_theirs(self, corpus):
        write_audio(corpus / "aba" / "labels" / "mine" / "a3.wav")
        for name in ("a1", "a3"):
            mine = corpus / "aba" / "labels" / "mine" / f"{name}.TextGrid"
            write_text(mine, textgrid(phones=PHONES))
        place = corpus / "*" / "labels" / "mine"
        found = scan_corpus(corpus, "textgrid", label_place=place, on_error="skip")
        assert [u.id for u in found] == ["aba/wav/a1"]
        reasons = [reason for where, reason in found.skipped if "a3" in where]
        assert reasons == [f"utterance lacks its .TextGrid in {place}", "utterance lacks its audio"]
        alone = corpus / "aba" / "labels"
        message = refusal(lambda: scan_corpus(alone, "textgrid", label_place=alone / "*" / "hand"))
        sought = alone / "hand" / "a3.TextGrid"
        assert message.endswith(f"; restore {sought} or remove the utterance")

    def test_what_lacks_its_partner_is_told(self, corpus):
        (corpus / "aba" / "wav" / "a1.wav").unlink()
        (corpus / "SKA" / "Annotation" / "a1.TextGrid").unlink()
        (corpus / "SKA" / "textgrid" / "a3.TextGrid").touch()  # nobody asked for these
        place = corpus / "*" / "Annotation"
        found = scan_corpus(corpus, "mfa", label_place=place, on_error="skip")
        assert [u.id for u in found] == ["SKA/wav/A2", "aba/wav/A2"]
        assert found.skipped == (
            (f"{corpus}/aba/Annotation/a1.TextGrid", "utterance lacks its audio"),
            (f"{corpus}/SKA/wav/a1.wav", f"utterance lacks its .TextGrid in {place}"),
        )
        message = refusal(lambda: scan_corpus(corpus, "mfa", label_place=place))
        assert message.startswith(f"{corpus}/aba/Annotation/a1.TextGrid: utterance lacks its audio")

    def test_from_within_and_by_another_path_it_is_the_same(self, corpus, monkeypatch):
        (corpus / "gone.wav").symlink_to("nothing")
        monkeypatch.chdir(corpus)
        for root, place in [(".", "./*/Annotation"), (corpus, "*/Annotation")]:
            found = scan_corpus(root, label_place=place, on_error="skip")
            assert len(found) == 4
            assert [reason for _, reason in found.skipped] == ["link leads nowhere"]

    def test_a_name_with_a_star_is_a_name_where_it_is_there(self, corpus):
        (corpus / "aba" / "Annotation").rename(corpus / "aba" / "ann*")
        found = scan_corpus(corpus / "aba" / "wav", "mfa", label_place=corpus / "aba" / "ann*")
        assert [u.id for u in found] == ["A2", "a1"]

    @pytest.mark.parametrize("place", ["*", "{}/*", "{}/*/*/lab", "{}/*/l*b", "{}/s*/lab"])
    def test_a_place_has_one_star_before_a_folder(self, corpus, place):
        message = refusal(
            lambda: scan_corpus(corpus, "esps", label_place=place.format(corpus)), OptionError
        )
        assert "write FOLDER/*/NAME: of audio in FOLDER/s1/wav, labels are in" in message

    def test_a_folder_that_is_not_there_is_named(self, corpus):
        message = refusal(
            lambda: scan_corpus(corpus, "mfa", label_place=corpus / "x" / "*" / "lab")
        )
        assert message == f"{corpus / 'x'}: no such folder; mend label_place"
        a_file = corpus / "aba" / "wav" / "a1.wav"
        message = refusal(lambda: scan_corpus(corpus, label_place=a_file / "*" / "lab"))
        assert message == f"{a_file}: no such folder; mend label_place"
        message = refusal(lambda: scan_corpus(corpus, label_place=corpus / "*" / "lab"))
        assert message == f"{corpus}: no label files in {corpus}/*/lab; mend label_place"


class TestMissingPartners:
    def test_labels_of_several_formats_ask_for_a_choice(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        write_text(tmp_path / "a.phn", "0 400 s\n")
        write_text(tmp_path / "a.TextGrid", textgrid(phones=PHONES))
        message = refusal(lambda: scan_corpus(tmp_path))
        assert "labels of several formats are there: phn, textgrid; choose one" in message
        assert len(scan_corpus(tmp_path, "phn")) == len(scan_corpus(tmp_path, "textgrid")) == 1

    def test_a_transcript_in_a_lab_is_no_second_format(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        write_text(tmp_path / "a.lab", "see\n")
        write_text(tmp_path / "a.TextGrid", textgrid(phones=PHONES))
        assert scan_corpus(tmp_path)["a"].load_phones() == PHONES

    def test_labels_without_audio_and_audio_without_labels(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        write_audio(tmp_path / "b.wav")
        write_text(tmp_path / "b.TextGrid", textgrid(phones=PHONES))
        write_text(tmp_path / "c.TextGrid", textgrid(phones=PHONES))
        message = refusal(lambda: scan_corpus(tmp_path))
        assert message.startswith(f"{tmp_path / 'a.wav'}: utterance lacks its .TextGrid")
        corpus = scan_corpus(tmp_path, on_error="skip")
        assert [u.id for u in corpus] == ["b"]
        assert corpus.skipped == (
            (str(tmp_path / "a.wav"), "utterance lacks its .TextGrid"),
            (str(tmp_path / "c.TextGrid"), "utterance lacks its audio"),
        )

    def test_one_file_for_all_lacks_an_utterance_or_has_one_too_many(self, tmp_path):
        for stem in ("a", "b"):
            write_audio(tmp_path / f"{stem}.wav")
        place = tmp_path / "all.ctm"
        write_text(place, ctm("a", PHONES) + ctm("c", PHONES))
        message = refusal(lambda: scan_corpus(tmp_path, "ctm", label_place=place))
        assert message.startswith(f"{tmp_path / 'b.wav'}: utterance lacks its labels in {place}")
        corpus = scan_corpus(tmp_path, "ctm", label_place=place, on_error="skip")
        assert [u.id for u in corpus] == ["a"]
        assert [reason for _, reason in corpus.skipped] == [
            f"utterance lacks its labels in {place}",
            "no audio for utterance 'c'",
        ]

    def test_a_name_that_may_mean_two_utterances_is_refused(self, tmp_path):
        write_audio(tmp_path / "audio" / "a.wav")
        place = tmp_path / "all.csv"
        head = "utterance,start,stop,label\n"
        write_text(place, head + rows("s1/a", PHONES) + rows("s2/a", PHONES))
        message = refusal(lambda: scan_corpus(tmp_path / "audio", "csv", label_place=place))
        assert "2 utterances of that name: 's1/a', 's2/a'" in message

    def test_labels_of_another_folder_are_not_taken(self, tmp_path):
        write_audio(tmp_path / "s3" / "a.wav")
        place = tmp_path / "all.csv"
        write_text(place, "utterance,start,stop,label\n" + rows("s1/a", PHONES))
        message = refusal(lambda: scan_corpus(tmp_path, "csv", label_place=place))
        assert "utterance lacks its labels" in message

    @pytest.mark.parametrize("on_error", ["raise", "skip"])
    @pytest.mark.parametrize("lost", [(), ("s2/a.wav",)])
    def test_a_bare_name_is_no_ones_where_two_have_it(self, tmp_path, on_error, lost):
        for stem in ("s1/a", "s2/a", "s3/b"):
            write_audio(tmp_path / f"{stem}.wav")
        for name in lost:  # left out of the corpus, but still one of two
            (tmp_path / name).unlink()
            (tmp_path / name).symlink_to(tmp_path / "gone.wav")
        place = tmp_path / "all.ctm"
        write_text(place, ctm("a", PHONES) + ctm("b", PHONES))
        if on_error == "raise":
            message = refusal(lambda: scan_corpus(tmp_path, "ctm", label_place=place))
            assert "link leads nowhere" in message if lost else "lacks its labels" in message
        else:
            corpus = scan_corpus(tmp_path, "ctm", label_place=place, on_error=on_error)
            assert [u.id for u in corpus] == ["s3/b"]

    def test_a_name_that_leads_elsewhere_is_no_ones(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        place = tmp_path / "all.ctm"
        write_text(place, ctm("../a", PHONES))
        assert "lacks its labels" in refusal(
            lambda: scan_corpus(tmp_path, "ctm", label_place=place)
        )

    def test_a_name_has_one_audio_file(self, tmp_path):
        for stem in ("s/a", "t/s/a"):
            write_audio(tmp_path / f"{stem}.wav")
        place = tmp_path / "all.ctm"
        write_text(place, ctm("s/a", PHONES))
        message = refusal(lambda: scan_corpus(tmp_path, "ctm", label_place=place))
        assert message.startswith(f"{tmp_path / 't' / 's' / 'a.wav'}: utterance lacks its labels")

    def test_a_file_of_its_own_that_names_another_utterance_is_refused(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        write_text(tmp_path / "a.ctm", ctm("b", PHONES))
        message = refusal(scan_corpus(tmp_path)["a"].load)
        assert "a.ctm: it is of 'b', not of 'a' alone" in message

    def test_all_skipped_is_an_error_with_the_first_reason(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        message = refusal(lambda: scan_corpus(tmp_path, "phn", on_error="skip"))
        assert "no utterance is left, 1 were skipped; the first is" in message
        assert "utterance lacks its .phn" in message

    def test_a_place_that_is_not_there_is_named(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        gone = tmp_path / "gone"
        message = refusal(lambda: scan_corpus(tmp_path, "textgrid", label_place=gone))
        assert message == f"{gone}: no such file or folder; mend label_place"


class TestNames:
    def test_case_makes_no_difference_between_partners(self, tmp_path):
        write_audio(tmp_path / "A.WAV")
        write_text(tmp_path / "a.phn", "0 400 s\n")
        assert [u.id for u in scan_corpus(tmp_path)] == ["A"]

    def test_files_that_differ_in_case_alone_are_refused(self, tmp_path):
        for name in ("A.wav", "a.wav", "b.wav"):
            write_audio(tmp_path / name)
        for name in ("A.phn", "b.phn"):
            write_text(tmp_path / name, "0 400 s\n")
        message = refusal(lambda: scan_corpus(tmp_path))
        assert message == f"{tmp_path}: 'A.wav' and 'a.wav' differ in case alone; keep one of them"
        assert [u.id for u in scan_corpus(tmp_path, on_error="skip")] == ["b"]

    def test_folders_that_differ_in_case_alone_are_one_utterances(self, tmp_path):
        for folder in ("s", "S"):
            write_audio(tmp_path / folder / "a.wav")
            write_text(tmp_path / folder / "a.phn", "0 400 s\n")
        message = refusal(lambda: scan_corpus(tmp_path))
        assert "'S/a.phn' and 's/a.phn' differ in case alone" in message

    def test_two_audio_files_of_one_utterance_are_refused(self, tmp_path):
        write_audio(tmp_path / "a.wav")
        write_audio(tmp_path / "a.flac")
        write_text(tmp_path / "a.phn", "0 400 s\n")
        message = refusal(lambda: scan_corpus(tmp_path))
        assert "one utterance has 2 audio files: 'a.flac', 'a.wav'" in message

    def test_names_that_are_not_utf8_are_refused_in_a_printable_line(self, tmp_path):
        write_audio(tmp_path / "b.wav")
        write_text(tmp_path / "b.phn", "0 400 s\n")
        (tmp_path / os.fsdecode(b"\xff.wav")).hardlink_to(tmp_path / "b.wav")
        message = refusal(lambda: scan_corpus(tmp_path))
        assert message.endswith(r"/\udcff.wav: file name isn't UTF-8; rename it")
        assert [u.id for u in scan_corpus(tmp_path, on_error="skip")] == ["b"]

    def test_spaces_dots_and_other_scripts_are_names_like_any(self, tmp_path):
        for stem in ("s 1/ein Satz", "語/文.1", "s 1/a.b.c"):
            write_audio(tmp_path / f"{stem}.wav")
            write_text(tmp_path / f"{stem}.phn", "0 400 s\n")
        corpus = scan_corpus(tmp_path)
        assert [u.id for u in corpus] == ["s 1/a.b.c", "s 1/ein Satz", "語/文.1"]
        assert all(u.load_phones() for u in corpus)


class TestLinks:
    def test_loops_end_and_no_folder_is_met_twice(self, tmp_path):
        write_audio(tmp_path / "s1" / "a.wav")
        write_text(tmp_path / "s1" / "a.phn", "0 400 s\n")
        (tmp_path / "s1" / "loop").symlink_to(tmp_path)
        (tmp_path / "again").symlink_to(tmp_path / "s1")
        assert [u.id for u in scan_corpus(tmp_path)] == ["s1/a"]

    def test_links_to_folders_elsewhere_are_followed(self, tmp_path):
        write_audio(tmp_path / "disk" / "a.wav")
        write_text(tmp_path / "disk" / "a.phn", "0 400 s\n")
        (tmp_path / "corpus").mkdir()
        (tmp_path / "corpus" / "s1").symlink_to(tmp_path / "disk")
        assert [u.id for u in scan_corpus(tmp_path / "corpus")] == ["s1/a"]

    def test_a_link_to_nothing_is_named(self, tmp_path):
        write_audio(tmp_path / "b.wav")
        write_text(tmp_path / "b.phn", "0 400 s\n")
        (tmp_path / "a.wav").symlink_to(tmp_path / "gone.wav")
        message = refusal(lambda: scan_corpus(tmp_path))
        assert message == f"{tmp_path / 'a.wav'}: link leads nowhere; restore the file"

    def test_a_link_to_itself_is_named(self, tmp_path):
        (tmp_path / "a.wav").symlink_to(tmp_path / "a.wav")
        assert "link leads nowhere" in refusal(lambda: scan_corpus(tmp_path))


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_names_that_no_file_can_have_are_refused(tmp_path, name):
    write_audio(tmp_path / "a.wav")
    refusal(lambda: scan_corpus(tmp_path / name))
    refusal(lambda: scan_corpus(tmp_path, "ctm", label_place=tmp_path / name))


def test_a_pattern_is_a_text(tmp_path):
    write_audio(tmp_path / "a.wav")
    refusal(lambda: scan_corpus(tmp_path, "none", pattern=3), OptionError)


def test_words_beyond_the_audio_are_refused(tmp_path):
    write_audio(tmp_path / "a.wav")
    write_text(tmp_path / "a.phn", "0 400 s\n")
    write_text(tmp_path / "a.wrd", "0 300 she\n9000 9999 had\n")
    message = refusal(scan_corpus(tmp_path)["a"].load)
    assert "a.wrd: word 'had' is at [9000, 9999), but a.wav has 400 samples" in message
    assert len(scan_corpus(tmp_path)["a"].load(past_audio="count").tiers["word"]) == 2


def test_unknown_policies_are_refused(tmp_path):
    write_audio(tmp_path / "a.wav")
    refusal(lambda: scan_corpus(tmp_path, "none", on_error="ignore"), OptionError)


def test_every_refusal_is_of_our_family(tmp_path):
    assert issubclass(CorpusError, SfvqError)
    assert refusal(lambda: scan_corpus(tmp_path / "gone")).endswith("give the corpus' folder")
