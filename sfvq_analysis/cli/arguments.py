"""Arguments and options that commands share, each described once."""

from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from sfvq_analysis.corpus.layout import Labels
from sfvq_analysis.errors import ErrorPolicy
from sfvq_analysis.phones import Folding

CorpusArgument = Annotated[
    str,
    typer.Argument(
        metavar="CORPUS",
        help="Folder of a TIMIT tree, or of any audio files with labels beside them (or elsewhere: "
        "--label-place), or its URL (s3://bucket/speech); or tars of WebDataset "
        "(speech-{000..099}.tar); `demo` is the built-in corpus.",
    ),
]
LabelsOption = Annotated[
    Labels,
    typer.Option(
        help="How CORPUS is labelled: timit, phn, textgrid, mfa (TextGrids of the Montreal Forced "
        "Aligner), htk, mlf, ctm, eaf, csv, esps (Festival's .lab), buckeye, emu, none (to fit "
        "and train only), or auto.",
        show_default=True,
    ),
]
RecordingsOption = Annotated[
    Labels,
    typer.Option(help="How CORPUS is laid out: timit, or none for any tree; auto finds out."),
]
TierOption = Annotated[
    Optional[str],
    typer.Option(
        metavar="TIER",
        help="Which tier of the label files holds the phones, and perhaps one of words: "
        "PHONES,WORDS.",
    ),
]
LabelPlaceOption = Annotated[
    Optional[str],
    typer.Option(
        "--label-place",
        metavar="PATH|URL",
        help="Folder of the label files, where they don't stand beside the audio, or one file for "
        "all (mlf, ctm, csv). 'FOLDER/*/NAME': in a folder NAME beside that of the audio.",
    ),
]
ChannelOption = Annotated[
    Optional[int],
    typer.Option(metavar="N", help="Read this channel of the audio files, from 0."),
]
OnErrorOption = Annotated[
    ErrorPolicy,
    typer.Option(
        "--on-error",
        help="An utterance with something wrong: raise (stop there) or skip (leave it out, list "
        "it).",
    ),
]
SpeakersOption = Annotated[
    Optional[str],
    typer.Option(
        metavar="REGEX",
        help="Where file names tell speakers: an expression over the path below CORPUS without "
        "suffix, with a group such as (?P<speaker>[^_]+). By default the parent folder's name, "
        "or an EMU session's.",
    ),
]
EncoderOption = Annotated[
    Optional[str],
    typer.Option(
        metavar="ENCODER",
        help="`mel` is log-mel; options follow it as in `mel:kind=mfcc,context=1` (kind: logmel, "
        "mfcc; normalise: none, mean, utterance; context: frames on each side). `vqvae:FILE` "
        "is the encoder of a voice model (`sfvq train`, or a public .pt). `hf:MODEL@LAYER` is a "
        "layer of HuBERT, wav2vec2, WavLM, data2vec or Whisper, by folder or name. `latents:PATH` "
        "reads stored frames (`latents:feats.scp@50`: 50 a second). `module:FILE.py:FACTORY` RUNS "
        "your own file. By default the one the quantizers were fitted on, or, to fit, mel.",
    ),
]
DeviceOption = Annotated[
    str, typer.Option(metavar="DEVICE", help="Where an hf: model computes: cpu, cuda, cuda:1, ….")
]
HalfOption = Annotated[
    bool, typer.Option("--half", help="Let an hf: model compute in float16 (on CUDA only).")
]
SplitOption = Annotated[
    Optional[str],
    typer.Option(metavar="SPLIT", help="Only train, test or core."),
]
OutOption = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where to write.")]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace an earlier output in that folder.")
]
QuantizerOption = Annotated[
    list[Path],
    typer.Option(
        "--quantizer",
        "-q",
        metavar="FILE",
        help="A codebook: .safetensors of ours, a published .pt or codebook_Nbit.npy. Repeatable.",
    ),
]
PaletteOption = Annotated[
    Literal["paper", "colorblind"], typer.Option(help="Colours of groups: paper or colorblind.")
]
ModeOption = Annotated[
    Literal["exact", "published"],
    typer.Option(help="Projection: exact (whole curve) or published (two segments)."),
]
OwnershipOption = Annotated[
    Literal["centre", "majority"],
    typer.Option(help="Which phone owns a frame: centre (of the frame) or majority."),
]
UnknownOption = Annotated[
    Literal["raise", "na"],
    typer.Option(help="Unknown phones: raise (list them and stop) or na (keep, ungrouped)."),
]
PhonesOption = Annotated[
    str,
    typer.Option(
        "--phone-set",
        metavar="SET",
        help="What labels mean: timit, arpabet, buckeye, l2arctic, ipa, xsampa (MAUS), a .csv or "
        ".toml file with groups of your own, or auto. `sfvq phones` shows it.",
    ),
]
PastAudioOption = Annotated[
    Literal["raise", "count"],
    typer.Option(
        "--past-audio",
        help="Phone labels more than 0.1 s past the audio: raise (other audio's?) or count.",
    ),
]
MismatchOption = Annotated[
    bool,
    typer.Option("--allow-mismatch", help="Read another encoder's latents with the codebook."),
]
SaOption = Annotated[
    bool, typer.Option("--sa/--no-sa", help="TIMIT: with the SA sentences or not.")
]
BitsOption = Annotated[int, typer.Option(help="2^BITS codewords.")]
SeedOption = Annotated[int, typer.Option(help="Of samples and fits.")]
FramesOption = Annotated[int, typer.Option(help="Fit on at most so many frames.")]
MethodOption = Annotated[
    Literal["map", "stochastic", "published"],
    typer.Option(help="Fit by map (ours), stochastic (fastest) or published (the author's)."),
]
ElasticOption = Annotated[
    float, typer.Option(help="Map: pull between neighbours; more is smoother and less exact.")
]
WhiteningOption = Annotated[
    float,
    typer.Option(
        help="How far latents are whitened where the order is found and neighbours are pulled; "
        "0 takes their metric as it is."
    ),
]
ArcsOption = Annotated[
    bool,
    typer.Option(
        "--arcs/--no-arcs",
        help="Whether nested codebooks are tried to find the order. Of the latents of a voice "
        "model that `sfvq train` made, --no-arcs --whitening 0 gives the better order.",
    ),
]
TemporalOption = Annotated[
    bool,
    typer.Option(
        "--temporal", help="Map: order codes by what follows what in time; marked in the results."
    ),
]
HoldOutOption = Annotated[
    Optional[str],
    typer.Option(
        metavar="N/M",
        help="Hold out N of every M speakers: fit on the rest, read these. For corpora without "
        "splits.",
    ),
]
AudioOption = Annotated[
    Literal["none", "link", "embed"],
    typer.Option(
        help="Sound in the page: none, link (to the corpus' files where they are; what browsers "
        "don't play is copied beside the page) or embed (snippets). Mind the corpus' licence."
    ),
]
TablesArgument = Annotated[
    list[Path],
    typer.Argument(metavar="TABLE", help="Folders that `sfvq index` or `analyze` wrote."),
]
NoteOption = Annotated[
    Optional[str],
    typer.Option(
        metavar="TEXT", help="What readers must know of CORPUS; stands in figures and manifest."
    ),
]
FormatOption = Annotated[
    Literal["csv", "parquet"],
    typer.Option("--format", help="Of the files: csv (six digits) or parquet."),
]
PermutationsOption = Annotated[
    int, typer.Option(metavar="N", help="Draws of each null; the smallest p is 1/(N + 1).")
]
BootstrapsOption = Annotated[
    int, typer.Option(metavar="N", help="Resamplings of speakers, for the intervals.")
]
DrawSeedOption = Annotated[int, typer.Option(metavar="N", help="Of all draws.")]
FOLDINGS: dict[str, Folding] = {"61": 61, "48": 48, "39": 39}
FoldingOption = Annotated[
    Literal["61", "48", "39"], typer.Option("--fold", help="Fold phones to so many symbols.")
]
MethodsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="METHOD",
        help="[NAME=]TABLE[,TABLE...]: the folders of a method's tables, one for each fit (seed). "
        "Without NAME it is called as its first folder.",
    ),
]
