"""Textbook markers of the mosaic's tissues, chosen from the literature before any method ran.

Heart and skeletal muscle: Lindskog et al., BMC Genomics 16:475 (2015); Litvinukova et al.,
Nature 588:466 (2020); Schiaffino and Reggiani, Physiological Reviews 91:1447 (2011). Skin:
Edqvist et al., Journal of Histochemistry and Cytochemistry 63:129 (2015). Bladder: Habuka et
al., PLoS ONE 10:e0145301 (2015); Wu et al., Kidney International 75:1153 (2009), uroplakins.
Fibroblasts: Chang et al., PNAS 99:12877 (2002); Kalluri, Nature Reviews Cancer 16:582 (2016).
Cortex: Sjostedt et al., PLoS ONE 10:e0130028 (2015); Zhang et al., Journal of Neuroscience
34:11929 (2014). Where two classes share a marker (MYH7 and MYL2 of slow muscle, all of the two
cortical regions), it is listed all the same: a textbook does so.
"""

_CORTEX = (
    "SNAP25 SYT1 STMN2 NRGN GFAP MBP MOBP PLP1 OPALIN SLC17A7 NEUROD6 GAD1 CAMK2A SLC1A2"
).split()

MARKERS: dict[str, list[str]] = {
    "heart": ("MYH6 MYH7 MYL2 MYL4 MYL7 ACTC1 TNNI3 TNNT2 MYBPC3 NPPA NPPB RYR2 NKX2-5").split(),
    "muscle": (
        "ACTA1 MYH1 MYH2 MYLPF TNNT3 TNNI2 TNNC2 CKM MYBPC2 ATP2A1 PYGM ACTN3 CASQ1 CACNA1S RYR1"
    ).split(),
    "skin": ("KRT1 KRT2 KRT5 KRT10 KRT14 LOR FLG DSG1 DSC1 SBSN KRTDAP CDSN CASP14").split(),
    "bladder": "UPK1A UPK1B UPK2 UPK3A UPK3B KRT20 GATA3".split(),
    "fibroblasts": (
        "COL1A1 COL1A2 COL3A1 COL5A1 FN1 FAP THY1 LOX SERPINE1 TGFBI POSTN PRRX1 TWIST2"
    ).split(),
    "cortex, cingulate": _CORTEX,
    "cortex, frontal": _CORTEX,
}
